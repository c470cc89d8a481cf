"""The parameters of the chat and completion APIs: types, defaults and how they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, SupportsFloat, SupportsInt, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

Body: TypeAlias = dict[str, object]

TYPES: Final[dict[str, dict[str, str]]] = {
    "chat": {
        "model": "string",
        "temperature": "double",
        "top_p": "double",
        "stream": "bool",
        "stop": "list",
        "max_tokens": "int",
        "presence_penalty": "double",
        "frequency_penalty": "double",
        "logit_bias": "object",
        "user": "string",
        "function_call": "object",
        "functions": "list",
        "tool_choice": "object",
        "tools": "list",
        "response_format": "object",
        "seed": "int",
    },
    "completion": {
        "model": "string",
        "suffix": "string",
        "max_tokens": "int",
        "temperature": "double",
        "top_p": "double",
        "n": "int",
        "stream": "bool",
        "logprobs": "int",
        "echo": "bool",
        "stop": "list",
        "presence_penalty": "double",
        "frequency_penalty": "double",
        "best_of": "int",
        "logit_bias": "object",
        "user": "string",
    },
}
"""promptflow's `OpenAI` tool. Its `AzureOpenAI` tool differs little: it also sends `n`, checks
`tools`, and shows lists in prompts joined by new lines. A node is written for Azure when it names a
deployment; who answers is decided by the connection, later."""

RESERVED: Final = ("connection", "prompt")
"""Further names that a template cannot use for variables of its own."""


def chat_body(parameters: Mapping[str, object]) -> Body:
    """Return the body without its messages.

    Raises:
        ValueError, TypeError: when a parameter has no usable form.
    """
    body: Body = {
        "model": _model(parameters),
        "temperature": parameters.get("temperature", 1.0),
        "top_p": parameters.get("top_p", 1.0),
        "stream": False,  # the whole answer is wanted, whatever the node says
    }
    if tools := parameters.get("tools"):
        body["tools"] = tools
        body["tool_choice"] = parameters.get("tool_choice")
    elif functions := parameters.get("functions"):
        body["functions"] = _checked_functions(functions)
        body["function_call"] = _function_call(parameters.get("function_call"))
    if deployment_of(parameters) and parameters.get("n") is not None:
        body["n"] = _int(parameters["n"])
    for name in ("stop", "logit_bias", "response_format", "user"):
        if parameters.get(name):
            body[name] = parameters[name]
    for name in ("seed", "presence_penalty", "frequency_penalty"):
        if parameters.get(name) is not None:
            body[name] = parameters[name]
    limit = parameters.get("max_tokens")
    if limit is not None and str(limit).lower() != "inf":
        body["max_tokens"] = _int(limit)
    return body


def completion_body(parameters: Mapping[str, object]) -> Body:
    """Return the body without its prompt.

    Raises:
        ValueError, TypeError: when a parameter has no usable form.
    """
    logprobs = parameters.get("logprobs")
    return {
        "model": _model(parameters),
        "suffix": parameters.get("suffix") or None,
        "max_tokens": _optional_int(parameters.get("max_tokens", 16)),
        "temperature": _float(parameters.get("temperature", 1.0)),
        "top_p": _float(parameters.get("top_p", 1.0)),
        "n": _int(parameters.get("n", 1)),
        "stream": False,
        "logprobs": _int(logprobs) if logprobs else None,
        "echo": str(parameters.get("echo", False)).lower() == "true",
        "stop": parameters.get("stop") or None,
        "presence_penalty": _optional_float(parameters.get("presence_penalty")),
        "frequency_penalty": _optional_float(parameters.get("frequency_penalty")),
        "best_of": _int(parameters.get("best_of", 1)),
        "logit_bias": parameters.get("logit_bias") or {},
        "user": parameters.get("user", ""),
    }


def deployment_of(parameters: Mapping[str, object]) -> str:
    """Return the name that Azure has for the model; empty for a node not written for Azure."""
    return str(parameters.get("deployment_name") or "")


def _model(parameters: Mapping[str, object]) -> str:
    return str(parameters.get("model") or deployment_of(parameters))


def _checked_functions(functions: object) -> object:
    if not isinstance(functions, list):
        raise TypeError(f"functions are a list, not {functions!r}")
    for at, item in enumerate(cast("list[object]", functions)):
        function = _mapping(item)
        schema = _mapping(function.get("parameters"))
        usable = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
        if "name" not in function or not usable:
            raise ValueError(
                f"functions[{at}] needs `name`, and `parameters` of type `object` with `properties`"
            )
    return cast("object", functions)


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _function_call(choice: object) -> object:
    if choice is None:
        return "auto"
    if choice in ("auto", "none") or (isinstance(choice, dict) and "name" in choice):
        return cast("object", choice)
    raise ValueError(f"function_call is {choice!r}; allowed: auto, none, a mapping with `name`")


def _int(value: object) -> int:
    return int(cast("SupportsInt | str", value))


def _float(value: object) -> float:
    return float(cast("SupportsFloat | str", value))


def _optional_int(value: object) -> int | None:
    return None if value is None else _int(value)


def _optional_float(value: object) -> float | None:
    return None if value is None else _float(value)
