from promptflow.core import tool


@tool
def change(made: dict) -> dict:
    made["items"].append("changed")
    return made
