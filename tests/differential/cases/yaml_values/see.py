import json

from promptflow.core import tool


@tool
def see(**values) -> dict:
    return {name: json.dumps(value, sort_keys=True) for name, value in values.items()}
