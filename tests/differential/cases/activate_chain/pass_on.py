from promptflow.core import tool


@tool
def pass_on(value, other="(default)"):
    return f"{value}+{other}"
