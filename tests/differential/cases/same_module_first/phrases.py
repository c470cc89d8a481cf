def greeting() -> str:
    return "first says"
