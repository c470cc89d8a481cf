def tell(text) return text
