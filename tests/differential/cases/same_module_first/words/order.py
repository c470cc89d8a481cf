def arrange(*parts: str) -> str:
    return " ".join(parts)
