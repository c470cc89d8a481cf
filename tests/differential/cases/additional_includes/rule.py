from pathlib import Path

from promptflow.core import tool
from rules import apply_rule

BESIDE = (Path(__file__).parent / "prompts" / "ask.jinja2").is_file()


@tool
def rule(text: str) -> str:
    return f"{apply_rule(text)} {BESIDE}"
