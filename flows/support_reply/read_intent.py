from promptflow.core import tool

INTENTS = ("delivery", "refund", "cancellation", "account", "fault")


@tool
def read_intent(answer: str) -> str:
    """Return the one intent that the answer names, or `unparsed`."""
    named = [intent for intent in INTENTS if intent in answer.lower()]
    return named[0] if len(named) == 1 else "unparsed"
