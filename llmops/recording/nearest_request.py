"""What people are told of a request that is not recorded: the nearest one, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from llmops.recording.request import prompt_of
from llmops.recording.similar import Similar, change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llmops.recording.request import RecordedRequest

_READ: Final = frozenset({"messages", "prompt"})
"""The parts of a body that are compared as text."""
_LONGEST: Final = 40
_CANDIDATES: Final = 20


class NearestRequest:
    """Finds the recorded request that is most like another."""

    def __init__(self, requests: Sequence[RecordedRequest]) -> None:
        """Index the requests by what the model reads."""
        self._requests = requests
        self._prompts = Similar([prompt_of(_body(request.fields())) for request in requests])

    def find(self, asked: RecordedRequest) -> tuple[RecordedRequest, str] | None:
        """Return it with what differs; None where nothing is like it.

        Of those that are equally like it in words, it is the one with the fewest differences.
        """
        fields = asked.fields()
        near = self._prompts.nearest(prompt_of(_body(fields)))[:_CANDIDATES]
        found = [(position, differences(fields, self._fields(position))) for position in near]
        if not found:
            return None
        position, differing = min(found, key=lambda each: len(each[1]))
        return self._requests[position], "; ".join(differing)

    def _fields(self, position: int) -> Mapping[str, object]:
        return self._requests[position].fields()


def differences(asked: Mapping[str, object], known: Mapping[str, object]) -> list[str]:
    """Return in words what differs between two requests.

    >>> request = {"api": "chat", "body": {"model": "m", "temperature": 0.7, "prompt": "x"}}
    >>> differences(request, {"api": "chat", "body": {"model": "n", "prompt": "x"}})
    ["model is 'm', recorded 'n'", 'temperature is 0.7, recorded nothing']
    """
    found = list(_settings(asked, known))
    prompts = prompt_of(_body(asked)), prompt_of(_body(known))
    if prompts[0] != prompts[1]:
        here, there = change(*prompts)
        found.append(f"the prompt says {here}, recorded {there}")
    return found or ["the same words, but in other messages"]


def _settings(asked: Mapping[str, object], known: Mapping[str, object]) -> Iterator[str]:
    here, there = ({**each, **_body(each)} for each in (asked, known))
    for name in sorted({*here, *there} - _READ - {"body"}):
        if here.get(name) != there.get(name):
            yield f"{name} is {_shown(here.get(name))}, recorded {_shown(there.get(name))}"


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _body(fields: Mapping[str, object]) -> Mapping[str, object]:
    return cast("Mapping[str, object]", fields["body"])
