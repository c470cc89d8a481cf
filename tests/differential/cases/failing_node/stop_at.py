from promptflow.core import tool


class OutOfLuck(Exception):
    pass


@tool
def stop_at(at: str, me: str, before: str = "") -> str:
    if at == me:
        raise OutOfLuck(f"{me} stops")
    return before + me
