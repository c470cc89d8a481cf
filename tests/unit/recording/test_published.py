"""Which published answer a request gets."""

from __future__ import annotations

from typing import cast

import pytest

from llmops.domain.call import CallFailure, ModelRequest, Sample
from llmops.recording.published import PublishedAnswers, PublishedLine

LINES = [
    PublishedLine(label="qa.jsonl", number=number, question=question, answers=answers)
    for number, (question, answers) in enumerate(
        [
            ("How many apples are there?", {"small": "two", "large": "three"}),
            ("How many apples are there? And pears?", {"small": "none", "large": {"pears": 1}}),
            ("Same again?", {"small": "first"}),
            ("Same again?", {"small": "second"}),
        ]
    )
]
ANSWERS = PublishedAnswers(LINES, model="large")


def asked(*messages: str, model: str = "small", **place: int) -> ModelRequest:
    roles = ("user", "assistant") * len(messages)
    body: dict[str, object] = {
        "model": model,
        "messages": [
            {"role": role, "content": text} for role, text in zip(roles, messages, strict=False)
        ],
    }
    return ModelRequest(api="chat", body=body, sample=Sample(**place))  # pyright: ignore[reportArgumentType]


def text(request: ModelRequest) -> str:
    choices = cast("list[dict[str, dict[str, str]]]", ANSWERS.reply(request).body["choices"])
    return choices[0]["message"]["content"]


def refusal(request: ModelRequest) -> str:
    with pytest.raises(CallFailure) as caught:
        ANSWERS.reply(request)
    return str(caught.value)


def test_the_model_names_the_answer() -> None:
    assert text(asked("How many apples are there?")) == "two"
    assert text(asked("How many apples are there?", model="large")) == "three"
    assert text(asked("How many apples are there?", model="")) == "three"


def test_an_answer_that_is_no_text_is_json() -> None:
    assert text(asked(LINES[1].question, model="large")) == '{"pears": 1}'


@pytest.mark.parametrize(
    "prompt",
    [
        "Q: How many apples are there? And pears?\nA: Let's think step by step.",
        "Same again? None.\nHow many apples are there? And pears?",
    ],
)
def test_the_last_and_longest_question_in_the_prompt_is_meant(prompt: str) -> None:
    assert text(asked(prompt)) == "none"


def test_the_last_user_message_asks() -> None:
    assert text(asked("How many apples are there?", "two", "Same again?")) == "first"


def test_a_question_that_is_there_twice_goes_by_its_line() -> None:
    assert text(asked("Same again?", line=3)) == "second"
    assert text(asked("Same again?", line=2)) == "first"
    assert text(asked("Same again?", line=0)) == "first"


def test_what_was_not_published_is_zero() -> None:
    reply = ANSWERS.reply(asked("How many apples are there?"))
    assert (reply.model, reply.seconds, reply.usage.prompt_tokens) == ("small", 0.0, 0)


def test_a_completion_has_its_answer_as_text() -> None:
    body = {"model": "small", "prompt": "How many apples are there?"}
    reply = ANSWERS.reply(ModelRequest(api="completion", body=body))
    assert reply.body["choices"] == [{"index": 0, "finish_reason": "stop", "text": "two"}]


def test_what_is_not_there_names_what_is() -> None:
    assert "nearest is line 1 of qa.jsonl" in refusal(asked("How many plums are there?"))
    assert "did you mean 'large'?" in refusal(
        asked("Same again? How many apples are there?", model="larger")
    )
    assert "there are: small" in refusal(asked("Same again?", model="gpt-4o"))
    assert "a repeat wants another" in refusal(asked("Same again?", repeat=1))
