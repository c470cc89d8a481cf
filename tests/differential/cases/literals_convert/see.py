
from promptflow.core import tool


@tool
def see(
    text: str,
    whole: int,
    real: float,
    flag: bool,
    items: list,
    detail: dict,
    optional: int | None,
    either: int | str,
    typed_list: list[int],
    literal_text: str,
    inferred=1,
) -> dict:
    return {name: [type(value).__name__, value] for name, value in locals().items()}
