from promptflow.core import tool


@tool
def pick(english, language: str, german: str = "no german") -> str:
    return f"{language}: {english} / {german}"
