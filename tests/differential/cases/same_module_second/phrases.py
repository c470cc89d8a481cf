def greeting() -> str:
    return "second says"
