from promptflow.core import tool


@tool
def join(first, name, quoted, number, whole, attribute, inner):
    return [first, name, quoted, number, sorted(whole), attribute, inner]
