from pathlib import Path

from promptflow.core import tool

HERE = Path(__file__).parent
SUFFIX = Path("tools/suffix.txt").read_text(encoding="utf-8").strip()  # beside the flow
seen = []


@tool
def remember(text: str) -> str:
    print("a tool may print")
    seen.append(text)
    return f"{text}{SUFFIX}{HERE.name}"
