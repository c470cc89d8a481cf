from promptflow.core import tool


@tool
def judge(label: str, prediction: str) -> dict:
    if prediction == "unparsed":
        return {"verdict": "unparsed", "correct": False}
    correct = prediction == label
    return {"verdict": "correct" if correct else "wrong", "correct": correct}
