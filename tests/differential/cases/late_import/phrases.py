def greeting(text: str) -> str:
    return f"late: {text}"
