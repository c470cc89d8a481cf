"""What runs recorded: the answer to a request, or what the nearest recorded request was."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from llmops.domain.call import CallFailure, Sample
from llmops.errors import ConfigError, Fault
from llmops.nearest import nearest
from llmops.recording.lines import read_lines
from llmops.recording.nearest_request import NearestRequest
from llmops.recording.records import Header, header_of, record_of
from llmops.recording.request import recorded
from llmops.redaction import MASK, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from llmops.domain.call import ModelRequest, ModelResponse
    from llmops.recording.records import Fields, Outcome, Record
    from llmops.recording.request import RecordedRequest

_Samples = dict[Sample, "Outcome"]


class Recording:
    """What one connection was asked, and what came back."""

    def __init__(self, connection: str, records: Iterable[Record]) -> None:
        """Keep the records; a later one of the same request and sample replaces the earlier."""
        self._connection = connection
        self._requests: dict[str, RecordedRequest] = {}
        self._samples: dict[str, _Samples] = {}
        self._redact = Redactor(())
        for record in records:
            digest = record.request.digest
            self._requests[digest] = record.request
            self._samples.setdefault(digest, {})[record.sample] = record.outcome

    def reply(self, request: ModelRequest) -> ModelResponse:
        """Return the recorded answer.

        Raises:
            CallFailure: the recorded one; for a request that is not recorded, one that says so.
        """
        asked = recorded(self._connection, request, self._redact)
        samples = self._samples.get(asked.digest) or self._with_secrets(asked.text)
        if samples is None:
            raise CallFailure("refused", self._unknown(asked))
        outcome = _chosen(samples, request.sample)
        if isinstance(outcome, CallFailure):
            raise outcome.with_traceback(None)  # it is raised again and again
        return outcome

    def _with_secrets(self, text: str) -> _Samples | None:
        """Find a request in which a secret was replaced that nobody knows here."""
        found = (digest for pattern, digest in self._masked if pattern.fullmatch(text))
        digest = next(found, None)
        return self._samples[digest] if digest else None

    @cached_property
    def _masked(self) -> list[tuple[re.Pattern[str], str]]:
        return [
            (re.compile(".+?".join(map(re.escape, request.text.split(MASK)))), digest)
            for digest, request in self._requests.items()
            if request.masked
        ]

    def _unknown(self, asked: RecordedRequest) -> str:
        found = self._nearest.find(asked)
        if found is None:
            return "this request is not in the recording, nor any like it"
        request, differing = found
        place = _place(next(iter(self._samples[request.digest])))
        return f"this request is not in the recording; nearest is {place}: {differing}"

    @cached_property
    def _nearest(self) -> NearestRequest:
        return NearestRequest(list(self._requests.values()))


def read_recordings(files: Sequence[tuple[Path, str]], connection: str) -> Recording:
    """Return what the files, given with their labels, hold of the connection.

    Raises:
        ConfigError: for every file that is no recording, and when none knows the connection.
    """
    faults: list[Fault] = []
    records: list[Record] = []
    known: list[str] = []
    for path, label in files:
        try:
            lines = read_lines(path, label, _read)
        except ConfigError as error:
            faults.extend(error.faults)
            continue
        for line in lines:
            if isinstance(line, Header):
                known.extend(line.connections)
            elif line[0] == connection:
                records.append(line[1])
    if not faults and connection not in known:
        faults.append(_not_asked(connection, sorted(set(known)), files))
    if faults:
        raise ConfigError(faults)
    return Recording(connection, records)


def _read(number: int, fields: Fields) -> Header | tuple[str, Record]:
    if number == 1:
        return header_of(fields)
    return str(fields["request"]["connection"]), record_of(fields)


def _not_asked(connection: str, known: Sequence[str], files: Sequence[tuple[Path, str]]) -> Fault:
    return Fault(
        where=", ".join(label for _, label in files),
        seen=f"nothing was asked of a connection {connection!r}",
        allowed=f"recorded: {', '.join(known)}",
        next_step=nearest(connection, known),
    )


def _chosen(samples: Mapping[Sample, Outcome], wanted: Sample) -> Outcome:
    """Return the sample's own outcome, or that of the closest one of the same repeat.

    Lines may have moved since and nodes may have new names; but no sample stands for two repeats,
    for that would look like a model without noise.
    """
    if wanted in samples:
        return samples[wanted]
    same = [each for each in samples if (each.repeat, each.group) == (wanted.repeat, wanted.group)]
    if not same:
        raise CallFailure(
            "refused",
            f"this request is recorded for {'; '.join(map(_place, samples))}; "
            f"{_place(wanted)} wants a fresh sample, which a recording cannot give",
        )
    return samples[max(same, key=lambda each: _closeness(each, wanted))]


def _closeness(sample: Sample, wanted: Sample) -> tuple[bool, ...]:
    return (
        (sample.dataset, sample.line) == (wanted.dataset, wanted.line),
        sample.node == wanted.node,
        sample.dataset == wanted.dataset,
    )


def _place(sample: Sample) -> str:
    """Return who asked, in words; lines count from 0 as in the run's records."""
    line = f"line {sample.line} of {sample.dataset}" if sample.line >= 0 else "all lines"
    node = f", node {sample.node}" if sample.node else ""
    group = f" ({sample.group.rstrip(':')})" if sample.group else ""
    return f"{line}, repeat {sample.repeat}{node}{group}"
