from promptflow.core import log_metric, tool


@tool
def report(accuracy: float, grades: list):
    log_metric("accuracy", accuracy / 100)
    log_metric("answers", len({grade["answer"] for grade in grades}))
    return {"accuracy": accuracy}
