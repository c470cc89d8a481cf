from promptflow.core import tool


@tool
def words(text: str):
    for number, word in enumerate(text.split()):
        yield word
        yield number
