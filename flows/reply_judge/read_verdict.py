import json

from promptflow.core import tool


@tool
def read_verdict(verdict: str) -> dict:
    """Return score and reason; anything else fails the line, it is not a low score."""
    answer = json.loads(verdict)
    score = int(answer["score"])
    if not 1 <= score <= 5:
        raise ValueError(f"the judge gave {score}; allowed: 1 to 5")
    return {"score": score, "reason": str(answer["reason"])}
