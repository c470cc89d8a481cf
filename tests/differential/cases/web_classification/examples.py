from promptflow.core import tool


@tool
def examples() -> list:
    return [
        {"url": "https://shop.example", "summary": "A shop.", "category": "Shop", "evidence": "Both"},
        {"url": "https://films.example", "summary": "A film.", "category": "Film", "evidence": "URL"},
    ]
