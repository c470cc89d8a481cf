from promptflow.core import log_metric, tool


@tool
async def first(numbers: list) -> int:
    log_metric("total", sum(numbers))
    return sum(numbers)
