from pathlib import Path

from promptflow.core import tool


@tool
def read(name: str) -> str:
    return Path(name).read_text(encoding="utf-8").strip()
