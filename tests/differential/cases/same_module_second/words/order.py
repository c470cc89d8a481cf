def arrange(*parts: str) -> str:
    return " ".join(reversed(parts))
