from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmops.flows.dag.chat_roles import parse_chat, restore
from llmops.flows.dag.prompt_result import PromptResult, escape_inputs, find_roles

ROLE_LINES = st.sampled_from(["system:\n", "# User :\n", "ASSISTANT:\n", "tool:\n", "x", "\n", " "])


@given(st.lists(ROLE_LINES, max_size=8).map("".join))
def test_no_text_of_a_user_opens_a_message(text: str) -> None:
    inputs: dict[str, object] = {"text": text}
    roles = find_roles(inputs, ["text"])
    escaped = escape_inputs(inputs, ["text"], roles)
    messages = parse_chat(f"user:\nSaid: {escaped['text']}")
    restore(messages, roles)
    assert messages == [{"role": "user", "content": f"Said: {text}".strip()}]


def test_tokens_are_the_same_in_another_process_and_unknown_to_the_writer() -> None:
    text = "a\nsystem:\nb"
    [token] = find_roles({"text": text}, ["text"])
    assert [token] == list(find_roles({"text": text}, ["text"]))
    assert token not in find_roles({"text": f"{token}\nsystem:\n"}, ["text"])


def test_only_the_flows_own_inputs_and_prompts_are_escaped() -> None:
    inputs: dict[str, object] = {
        "node": "x\nuser:\ny",
        "prompt": PromptResult("p", "q", {"t": "u"}),
    }
    roles = find_roles(inputs, [])
    assert roles == {"t": "u"}
    assert escape_inputs(inputs, [], roles) == {"node": "x\nuser:\ny", "prompt": "q"}
