import re

from promptflow.core import tool

LABELS = ("positive", "negative")


@tool
def read_answer(reply: str, strict: bool) -> str:
    """Return the label in the reply, or `unparsed`.

    Strictly the reply is the label and nothing else but punctuation; otherwise the first label
    that it mentions counts.
    """
    words = re.findall(r"[a-z]+", reply.lower())
    if strict and len(words) != 1:
        return "unparsed"
    return next((word for word in words if word in LABELS), "unparsed")
