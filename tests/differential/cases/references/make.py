from promptflow.core import tool


@tool
def make(text: str) -> dict:
    return {
        "text": text,
        "list": ["zero", {"name": f"one of {text}"}],
        "numbers": [[10, 11]],
        "inside": {"a key": "with a space"},
    }
