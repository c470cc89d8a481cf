from promptflow.core import log_metric, tool


@tool
def accuracy(correct: list) -> float:
    value = sum(correct) / len(correct)
    log_metric("accuracy", value)
    return value
