def apply_rule(text: str) -> str:
    return f"ruled {text}"
