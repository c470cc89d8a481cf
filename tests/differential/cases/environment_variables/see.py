import os

from promptflow.core import tool

AT_IMPORT = os.environ.get("CASE_WORD")


@tool
def see(text: str) -> dict:
    names = ("WORD", "NUMBER", "FLAG", "LIST", "REGION")
    seen = {name: os.environ.get(f"CASE_{name}") for name in names}
    return {**seen, "import": AT_IMPORT, "token": len(os.environ.get("CASE_TOKEN", "")), "text": text}
