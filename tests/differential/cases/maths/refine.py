import ast
import json

from promptflow.core import tool


@tool
def refine(original_code: str) -> str:
    try:
        code = json.loads(original_code)["code"]
        ast.parse(code)
    except (ValueError, KeyError, SyntaxError):
        return "JSONDecodeError"
    return code
