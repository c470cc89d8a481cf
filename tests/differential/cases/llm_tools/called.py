from promptflow.core import tool


@tool
def called(call: dict, message: dict) -> str:
    heard = f"{call['function']['name']}({call['function']['arguments']})"
    return f"{heard} {message['function_call']['name']} {message['tool_calls']}"
