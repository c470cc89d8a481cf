import io
from contextlib import redirect_stdout

from promptflow.core import tool


@tool
def execute(code_snippet: str) -> str:
    if code_snippet == "JSONDecodeError":
        return code_snippet
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            exec(code_snippet)
    except Exception as error:
        return str(error)
    return said.getvalue().strip()
