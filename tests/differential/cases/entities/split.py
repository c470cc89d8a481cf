
from promptflow.core import tool


@tool
def split(entities_text: str) -> list[str]:
    return [part.strip(" .\"'") for part in entities_text.replace(" ", ",").split(",") if part.strip()]
