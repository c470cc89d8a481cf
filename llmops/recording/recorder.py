"""Writes a recording while a run asks: what was answered is in the file before anyone uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from llmops.errors import ConfigError, Fault, LLMOpsError
from llmops.recording.records import (
    Fields,
    Header,
    answer_of,
    failure_of,
    header_fields,
    header_of,
    outcome_fields,
    request_fields,
)
from llmops.recording.request import json_text, recorded
from llmops.redaction import Redactor
from llmops.store import AppendedLines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from llmops.domain.call import CallFailure, ModelRequest, ModelResponse, Sample
    from llmops.recording.records import Outcome


class Recorder:
    """The recording of one run; see `create` and `reopen`.

    What it gives back is what a replay will give: without secrets, and one outcome for each
    sample of a request, so that who asks again for what has failed gets the same failure.
    """

    def __init__(self, path: Path, secrets: Iterable[str]) -> None:
        """Open the file for appending."""
        self._lines = AppendedLines(path)
        self._redact = Redactor(secrets)
        self._failures: dict[tuple[str, Sample], CallFailure] = {}

    @classmethod
    def create(
        cls, path: Path, run: str, connections: Sequence[str], secrets: Iterable[str]
    ) -> Recorder:
        """Start the recording of a new run.

        Raises:
            ConfigError: when there is a file already, or none can be written.
        """
        if path.exists():
            step = "name another file, or --resume the run that it records"
            raise _fault(path, "there is a file already", step)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise _fault(path, f"cannot be written: {error.strerror}") from None
        recorder = cls(path, secrets)
        header = Header(run=run, connections=connections)
        recorder._lines.append(json_text(header_fields(header)))
        return recorder

    @classmethod
    def reopen(cls, path: Path, run: str, secrets: Iterable[str]) -> Recorder:
        """Go on with the recording of a run that is resumed.

        Raises:
            ConfigError: when it is no recording of this run, or cannot be written.
        """
        try:
            with path.open(encoding="utf-8") as file:
                found = header_of(cast("Fields", json.loads(file.readline()))).run
        except FileNotFoundError:
            step = "the run began without one; start a new run with --record"
            raise _fault(path, "no such recording", step) from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            found = ""
        if found != run:
            step = "name the recording that the run began with"
            raise _fault(path, f"no recording of the run {run}", step)
        try:
            return cls(path, secrets)
        except LLMOpsError as error:
            raise _fault(path, str(error)) from None

    def known_failure(self, connection: str, request: ModelRequest) -> CallFailure | None:
        """Return how this sample of the request has failed already; None when it has not."""
        if not self._failures:
            return None
        key = recorded(connection, request, self._redact).digest
        return self._failures.get((key, request.sample))

    def answered(
        self, connection: str, request: ModelRequest, answer: ModelResponse
    ) -> ModelResponse:
        """Record the answer and return it as recorded.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        return answer_of(self._append(connection, request, answer))

    def failed(self, connection: str, request: ModelRequest, failure: CallFailure) -> CallFailure:
        """Record a failure that is not tried again, and return it as recorded.

        Raises:
            LLMOpsError: when it cannot be written.
        """
        fields = self._append(connection, request, failure)
        self._failures[fields["key"], request.sample] = kept = failure_of(fields)
        return kept

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def _append(self, connection: str, request: ModelRequest, outcome: Outcome) -> Fields:
        asked = recorded(connection, request, self._redact)
        came_back = json.loads(self._redact(json_text(outcome_fields(outcome))))
        fields = {**request_fields(asked, request.sample), **came_back}
        self._lines.append(json_text(fields))
        return fields


def _fault(path: Path, seen: str, next_step: str = "") -> ConfigError:
    return ConfigError([Fault(where=f"--record {path}", seen=seen, next_step=next_step)])
