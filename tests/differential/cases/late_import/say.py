from promptflow.core import tool


@tool
def say(text: str) -> str:
    from phrases import greeting

    return greeting(text)
