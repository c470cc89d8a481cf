"""Which recorded answer a request gets."""

from __future__ import annotations

import pytest

from llmops.domain.call import CallFailure, ModelRequest, ModelResponse, Sample, Usage
from llmops.recording.recording import Recording
from llmops.recording.records import Outcome, Record
from llmops.recording.request import recorded
from llmops.redaction import Redactor


def request(prompt: str, sample: Sample | None = None, **settings: object) -> ModelRequest:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], **settings}
    return ModelRequest(api="chat", body=body, sample=sample or Sample())


def record(asked: ModelRequest, outcome: Outcome | str, hidden: str = "") -> Record:
    if isinstance(outcome, str):
        outcome = ModelResponse(body={"said": outcome}, usage=Usage(), seconds=0.5, model="m")
    redacted = recorded("llm", asked, Redactor([hidden]))
    return Record(request=redacted, sample=asked.sample, outcome=outcome)


def said(recording: Recording, asked: ModelRequest) -> object:
    return recording.reply(asked).body["said"]


def refusal(recording: Recording, asked: ModelRequest) -> str:
    with pytest.raises(CallFailure) as caught:
        recording.reply(asked)
    assert (caught.value.kind, caught.value.retryable) == ("refused", False)
    return str(caught.value)


def test_every_sample_of_a_request_keeps_its_own_answer() -> None:
    samples = [
        Sample(dataset=dataset, line=line, repeat=repeat, node=node)
        for dataset in ("a", "b")
        for line in (0, 1)
        for repeat in (0, 1)
        for node in ("first", "second")
    ]
    recording = Recording("llm", [record(request("x", each), repr(each)) for each in samples])
    for each in reversed(samples):
        assert said(recording, request("x", each)) == repr(each)


def test_streaming_is_not_part_of_a_request() -> None:
    recording = Recording("llm", [record(request("x", stream=True, stream_options={}), "y")])
    assert said(recording, request("x", stream=False)) == "y"


def test_a_later_record_replaces_the_earlier_of_its_sample() -> None:
    failure = CallFailure("server", "HTTP 500")
    recording = Recording("llm", [record(request("x"), failure), record(request("x"), "y")])
    assert said(recording, request("x")) == "y"


def test_a_recorded_failure_fails_again() -> None:
    recording = Recording("llm", [record(request("x"), CallFailure("timeout", "no answer"))])
    with pytest.raises(CallFailure, match="no answer") as caught:
        recording.reply(request("x"))
    assert caught.value.kind == "timeout"


def test_who_was_not_recorded_gets_the_closest_answer_of_the_same_repeat() -> None:
    recording = Recording(
        "llm",
        [
            record(request("x", Sample(dataset="a", line=0, repeat=1, node="n")), "other repeat"),
            record(request("x", Sample(dataset="a", line=5, repeat=0, node="m")), "other line"),
            record(request("x", Sample(dataset="a", line=5, repeat=0, node="n")), "closest"),
        ],
    )
    assert said(recording, request("x", Sample(dataset="a", line=0, repeat=0, node="n"))) == (
        "closest"
    )


@pytest.mark.parametrize("wanted", [{"repeat": 1}, {"group": "judge 1:"}])
def test_no_answer_stands_for_two_samples(wanted: dict[str, object]) -> None:
    recording = Recording("llm", [record(request("x", Sample(dataset="a", line=0)), "y")])
    sample = Sample(dataset="a", line=0, **wanted)  # pyright: ignore[reportArgumentType]
    assert "wants a fresh sample" in refusal(recording, request("x", sample))


def test_a_masked_request_is_found_by_what_is_around_the_mask() -> None:
    asked = request("the key is correct-horse, answer yes or no")
    recording = Recording("llm", [record(asked, "y", hidden="correct-horse")])
    assert said(recording, asked) == "y"
    assert said(recording, request("the key is ***, answer yes or no")) == "y"
    assert "not in the recording" in refusal(recording, request("the key is correct-horse"))


def test_stars_that_hide_nothing_stand_for_themselves() -> None:
    recording = Recording("llm", [record(request("a *** b"), "y")])
    assert said(recording, request("a *** b")) == "y"
    assert "not in the recording" in refusal(recording, request("a 1 b"))


def test_an_unknown_request_names_the_nearest_and_what_differs() -> None:
    places = enumerate(["the soup was cold", "the screen is bright", "it broke within a week"])
    recording = Recording(
        "llm",
        [
            record(
                request(f"Classify, {style}: {text}", Sample(dataset="a", line=line), top_p=1),
                text,
            )
            for line, text in places
            for style in ("briefly", "at length")
        ],
    )
    other = request("Classify, at once: the screen is bright", top_p=1, temperature=0.7)
    message = refusal(recording, other)
    assert "nearest is line 1 of a" in message
    assert "temperature is 0.7, recorded nothing" in message
    assert "top_p" not in message
    assert "the prompt says 'Classify, at once" in message
    model = refusal(recording, request("Classify, briefly: it broke within a week", model="gpt"))
    assert "model is 'gpt', recorded 'm'; top_p is nothing, recorded 1" in model
    assert "nor any like it" in refusal(recording, request("Zusammenfassen!"))


def test_half_a_character_is_a_question_mark_on_both_sides() -> None:
    recording = Recording("llm", [record(request("a\ud83d"), "y")])
    assert said(recording, request("a\ud83d")) == "y"
