from promptflow.core import log_metric, tool


@tool
def never(scores: list):
    log_metric("never", 1)
