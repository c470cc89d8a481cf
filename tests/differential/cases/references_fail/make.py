from promptflow.core import tool


@tool
def make(mode: str):
    shapes = {
        "good": {"list": [0, {"name": "found"}]},
        "no key": {"other": []},
        "too short": {"list": [0]},
        "no attribute": {"list": [0, "text"]},
        "nothing": None,
        "not a list": {"list": 5},
    }
    return shapes[mode]
