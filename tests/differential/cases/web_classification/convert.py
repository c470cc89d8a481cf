import json

from promptflow.core import tool


@tool
def convert(text: str) -> dict:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        print("not JSON:", text)
        return {"category": "None", "evidence": text}
