from promptflow.core import tool


@tool
def join(separator: str, **parts) -> str:
    return separator.join(f"{name}={value}" for name, value in parts.items())
