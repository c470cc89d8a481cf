from __future__ import annotations

import pytest

from llmops.flows.dag.chat_roles import ChatFormatError, parse_chat, restore


class Picture:
    """Prints and encodes as promptflow's image does."""

    _mime_type = "image/png"
    source_url = None

    def to_base64(self) -> str:
        return "AAAA"

    def __str__(self) -> str:
        return "Image(1234)"


def test_roles_split_whatever_their_case_and_marks() -> None:
    messages = parse_chat("\n  # System :\nA\n\nUSER:\nB user: inline\nassistant:\n")
    assert [(each["role"], each["content"]) for each in messages] == [
        ("system", "A"),
        ("user", "B user: inline"),
        ("assistant", ""),
    ]


def test_names_tool_answers_and_tool_calls_are_read() -> None:
    messages = parse_chat(
        "user:\n## name:\nbob\n## content:\nhi\n"
        "assistant:\ntool_calls:\n[{'id': '1'}]\n"
        "tool:\ntool_call_id:\n1\ncontent:\n42\n"
    )
    assert messages == [
        {"role": "user", "name": "bob", "content": "hi"},
        {"role": "assistant", "tool_calls": [{"id": "1"}]},
        {"role": "tool", "tool_call_id": "1", "content": "42"},
    ]


def test_tool_calls_that_are_no_python_are_text() -> None:
    [message] = parse_chat("assistant:\ntool_calls:\n[oops]\n")
    assert message["content"] == "tool_calls:\n[oops]"


@pytest.mark.parametrize("prompt", ["Hello", "Title\nuser:\nx", "tool:\nx", "function:\nx"])
def test_a_prompt_without_the_form_is_refused(prompt: str) -> None:
    with pytest.raises(ChatFormatError):
        parse_chat(prompt)


def test_a_line_that_is_an_image_becomes_a_part() -> None:
    [message] = parse_chat("user:\nLook:\n Image(1234)\n\nWell?", [Picture()])
    assert message["content"] == [
        {"type": "text", "text": "Look:"},
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64,AAAA", "detail": "auto"},
        },
        {"type": "text", "text": "Well?"},
    ]


def test_escaped_roles_come_back_in_text_and_parts() -> None:
    parts = [{"type": "text", "text": "0a 0b"}]
    messages: list[dict[str, object]] = [{"role": "user", "content": parts, "name": "0a"}]
    restore(messages, {"0a": "system", "0b": "Tool"})
    assert messages == [
        {"role": "user", "content": [{"type": "text", "text": "system Tool"}], "name": "system"}
    ]
