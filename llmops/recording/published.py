"""Answers that somebody published: a question a line, with what several models or prompts said."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from llmops.domain.call import CallFailure, ModelResponse, Usage
from llmops.errors import ConfigError, Fault
from llmops.nearest import nearest
from llmops.recording.lines import read_lines
from llmops.recording.request import question_of
from llmops.recording.similar import Similar, change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.call import Api, ModelRequest
    from llmops.recording.records import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedLine:
    """One line of a file, `number` from 0; `answers` by the name of the model or the prompt."""

    label: str
    number: int
    question: str
    answers: Mapping[str, object]


class PublishedAnswers:
    """The lines by their question; a question that is there twice keeps both lines."""

    def __init__(self, lines: Iterable[PublishedLine], model: str) -> None:
        """Keep the lines; `model` names the answer for requests that name none."""
        self._model = model
        self._lines: dict[str, list[PublishedLine]] = {}
        for line in lines:
            self._lines.setdefault(line.question, []).append(line)

    def reply(self, request: ModelRequest) -> ModelResponse:
        """Return the answer that the request's model gave to the question in its last message.

        What was not published is zero: tokens, and with them cost, and seconds.

        Raises:
            CallFailure: when there is no such question or no such answer; it names the nearest.
        """
        text = question_of(request.body)
        line = self._line(text, request.sample.line)
        if request.sample.repeat:
            message = f"{_place(line)} has one sample of each answer; a repeat wants another"
            raise CallFailure("refused", message)
        name = str(request.deployment or request.body.get("model") or self._model)
        answer = line.answers.get(name)
        if answer is None:
            hint = nearest(name, line.answers) or f"there are: {', '.join(line.answers)}"
            raise CallFailure("refused", f"{_place(line)} has no answer {name!r}; {hint}")
        said = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        body = {"model": name, "choices": [_choice(request.api, said)]}
        return ModelResponse(body=body, usage=Usage(), seconds=0.0, model=name)

    def _line(self, text: str, number: int) -> PublishedLine:
        question = text if text in self._lines else self._inside(text)
        if question is None:
            raise CallFailure("refused", self._unknown(text))
        lines = self._lines[question]
        return next((line for line in lines if line.number == number), lines[0])

    def _inside(self, text: str) -> str | None:
        """Return the question in the text: the last one, since examples go before; the longest."""
        found = [question for question in self._lines if question in text]
        ends = ((text.rfind(question) + len(question), len(question)) for question in found)
        return max(zip(ends, found, strict=True), default=(None, None))[1]

    def _unknown(self, text: str) -> str:
        near = self._similar.nearest(text)
        if not near:
            return "no recorded question is in the prompt, nor any like it"
        (line, *_) = self._lines[self._questions[near[0]]]
        here, there = change(text, line.question)
        return (
            f"no recorded question is in the prompt; nearest is {_place(line)}: "
            f"the prompt says {here}, recorded {there}"
        )

    @cached_property
    def _questions(self) -> list[str]:
        return list(self._lines)

    @cached_property
    def _similar(self) -> Similar:
        return Similar(self._questions)


def read_published(
    files: Sequence[tuple[Path, str]], *, question: str, answers: str, model: str
) -> PublishedAnswers:
    """Return what the files, given with their labels, hold; an empty `answers` is the line itself.

    Raises:
        ConfigError: for every line without a question or answers.
    """
    faults: list[Fault] = []
    lines: list[PublishedLine] = []
    for path, label in files:

        def read(number: int, fields: Fields, label: str = label) -> PublishedLine:
            return PublishedLine(
                label=label,
                number=number - 1,
                question=_question(fields, question),
                answers=_answers(fields, answers),
            )

        try:
            lines.extend(read_lines(path, label, read))
        except ConfigError as error:
            faults.extend(error.faults)
    if faults:
        raise ConfigError(faults)
    return PublishedAnswers(lines, model)


def _question(fields: Fields, column: str) -> str:
    value = cast("object", fields.get(column))
    if not isinstance(value, str) or not value:
        raise ValueError(f"no text under `question: {column}`; {_columns(fields)}")
    return value


def _answers(fields: Fields, column: str) -> Mapping[str, object]:
    value = cast("object", fields.get(column)) if column else fields
    if not isinstance(value, dict):
        message = f"no mapping under `answers: {column}`; {_columns(fields)}"
        raise ValueError(message)  # noqa: TRY004  the file is wrong, not the program
    return cast("Mapping[str, object]", value)


def _columns(fields: Fields) -> str:
    return f"the line has: {', '.join(fields)}"


def _choice(api: Api, said: str) -> Mapping[str, object]:
    answer = (
        {"message": {"role": "assistant", "content": said}} if api == "chat" else {"text": said}
    )
    return {"index": 0, "finish_reason": "stop", **answer}


def _place(line: PublishedLine) -> str:
    return f"line {line.number + 1} of {line.label}"
