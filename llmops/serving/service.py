"""Answers requests: each with a context of its own, within the limits, into the log."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from llmops.domain.call import LineFailure
from llmops.errors import LLMOpsError
from llmops.serving.json_logging import FIELDS
from llmops.serving.refusal import DISCONNECTED, Refused, failed
from llmops.sharing import SharedAnswers
from llmops.trial_context import TrialContext

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from llmops.domain.call import Answer, Listener
    from llmops.serving.admission import Admission
    from llmops.serving.metrics import Metrics
    from llmops.serving.production_log import ProductionLog
    from llmops.serving.served import Served
    from llmops.serving.settings import Settings
    from llmops.trial_context import Resources

    Raw = Mapping[str, object]

_LOG: Final = logging.getLogger(__name__)
_GONE: Final = ("the client did not wait", "disconnected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to the flow; `unit` stands for whoever asks in the log, empty where nobody says."""

    request: str
    unit: str
    inputs: Raw


@dataclass(slots=True, kw_only=True)
class Service:
    """One process's service; its connections are open."""

    served: Served
    settings: Settings
    metrics: Metrics
    admission: Admission
    log: ProductionLog | None
    resources: Resources
    draining: bool = False
    _active: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def active(self) -> Generator[None]:
        """Count a request from its first byte to its answer, so that a drain waits for it."""
        self._active += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._active -= 1
            if not self._active:
                self._idle.set()

    async def until_idle(self, seconds: float) -> int:
        """Wait for every request to be answered, so long at most; return how many are not."""
        if self._active:
            try:
                async with asyncio.timeout(seconds):
                    await self._idle.wait()
            except TimeoutError:
                return self._active
        return 0

    async def answer(self, asked: Asked, listener: Listener | None = None) -> Raw:
        """Return the flow's outputs; the listener hears its node's text before.

        Raises:
            Refused: when there are none: no place, no time, or the flow failed.
        """
        context = TrialContext(SharedAnswers({}, _keep_nothing), self.resources, listener=listener)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.settings.timeout_seconds), self.admission.turn():
                output = await self.served.step.run_line(asked.inputs, context)
        except LineFailure as failure:
            refused = failed(failure)
            refused.message = self.served.redact(refused.message)
        except TimeoutError:
            message = f"no answer within {self.settings.timeout_seconds:g} s"
            refused = Refused(504, message, "time_limit")
        except asyncio.CancelledError:
            gone = ("the service ended", "cut_off") if self.draining else _GONE
            refused = Refused(DISCONNECTED, *gone)
            self._record(asked, started, context, refused=refused)
            raise
        else:
            self._record(asked, started, context, outputs=output.outputs)
            return output.outputs
        self._record(asked, started, context, refused=refused)
        raise refused

    def keep_feedback(self, request: str, feedback: Raw) -> None:
        """Write what was said of a request, in the sample or not.

        Raises:
            Refused: when it cannot be written.
        """
        if not self._write({"kind": "feedback", "request": request, "feedback": feedback}):
            raise Refused(503, "the feedback cannot be kept", "no_log", {"Retry-After": "60"})

    def _record(
        self,
        asked: Asked,
        started: float,
        context: TrialContext,
        *,
        outputs: Raw | None = None,
        refused: Refused | None = None,
    ) -> None:
        """Count what the request took, and write it if it is in the sample."""
        usage = context.usage
        self.metrics.calls.inc(context.calls)
        self.metrics.tokens.labels("prompt").inc(usage.prompt_tokens)
        self.metrics.tokens.labels("completion").inc(usage.completion_tokens)
        if self.log is None or not self.log.has(asked.request):
            return
        error = refused and {"kind": refused.kind, "message": refused.message}
        unit = {"unit": asked.unit} if asked.unit else {}
        self._write(
            {
                "kind": "score",
                "request": asked.request,
                **unit,
                "status": refused.status if refused else 200,
                "inputs": asked.inputs,
                "outputs": outputs,
                "error": error,
                "seconds": round(time.perf_counter() - started, 6),
                "calls": context.calls,
                "prompt_tokens": usage.prompt_tokens,
                "completion_tokens": usage.completion_tokens,
            }
        )

    def _write(self, record: Raw) -> bool:
        """Return whether it is written; a full disk is told and counted, and fails no request."""
        about = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "deployment": self.settings.deployment,
            "release": self.served.release.label,
        }
        try:
            if self.log:
                self.log.write({**about, **record})
        except LLMOpsError as error:
            self.metrics.unlogged.inc()
            _LOG.error("not logged", extra={FIELDS: {"reason": str(error)}})
            return False
        return self.log is not None


def _keep_nothing(key: str, node: str, answer: Answer) -> None:
    """Nothing is shared between requests, so no answer outlives its own."""
    del key, node, answer
