import re

from promptflow.core import tool

SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@tool
def last_sentence(text: str) -> str:
    """People tend to end with their verdict; a review of one sentence stays as it is."""
    return SENTENCE_END.split(text.strip())[-1]
