from promptflow.core import tool


@tool
def compare(label: str, expected: str) -> bool:
    return label.strip().lower() == expected.strip().lower()
