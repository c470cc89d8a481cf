"""MLflow: a run, and nested in it a run for each configuration. Needs the extra `mlflow`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from llmops.errors import ConfigError, Fault, LLMOpsError
from llmops.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlflow import MlflowClient

    from llmops.domain.run import Status
    from llmops.trackers.content import Content, Entry

_Item = TypeVar("_Item")
_KEY: Final = "llmops.key"
_DIGEST: Final = "llmops.digest"
_REVISION: Final = "llmops.revision"
_AT_ONCE: Final = 100
"""MLflow takes no more parameters or tags in a request."""
_SETTINGS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # its own 7 take minutes to say that nobody answers
}
_STATUS: Final[Mapping[Status, str]] = {
    "running": "RUNNING",
    "completed": "FINISHED",
    "interrupted": "KILLED",
    "budget_exhausted": "KILLED",
    "failed": "FAILED",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """Where a run is on the server; `is_new` tells whether anything had to be written."""

    experiment: str
    run_id: str
    url: str
    is_new: bool


def log(content: Content, *, tracking_uri: str, experiment: str) -> Logged:
    """Write the run, unless the server has exactly this already.

    What has changed since is written to the same MLflow runs as a further step.

    Raises:
        ConfigError: when MLflow is not installed.
        LLMOpsError: when the server refuses or does not answer.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        fault = Fault(
            where="llmops track",
            seen="mlflow is not installed",
            next_step="pip install 'llmops[mlflow]'",
        )
        raise ConfigError([fault]) from error
    try:
        return _Server(MlflowClient(tracking_uri), tracking_uri, experiment).log(content)
    except (MlflowException, OSError) as error:
        raise _refused(tracking_uri, error) from error


class _TakesArtifacts(Protocol):
    """The client's one method that MLflow leaves without types."""

    def log_artifact(self, run_id: str, local_path: str) -> None: ...


class _Server:
    """An experiment on an MLflow server; runs are found again by their key."""

    def __init__(self, client: MlflowClient, uri: str, experiment: str) -> None:
        self._client = client
        self._uri = uri
        self._experiment = experiment

    def log(self, content: Content) -> Logged:
        experiment_id = self._experiment_id()
        created = int(datetime.fromisoformat(content.created).timestamp() * 1000)
        run_id, tags = self._found(experiment_id, content.run, created, {})
        digest = content.digest()
        logged = Logged(
            experiment=self._experiment,
            run_id=run_id,
            url=_page(self._uri, experiment_id, run_id),
            is_new=tags.get(_DIGEST) != digest,
        )
        if not logged.is_new:
            return logged
        step = int(tags.get(_REVISION, "-1")) + 1
        self._client.set_tag(run_id, _REVISION, str(step))
        nested = {"mlflow.parentRunId": run_id}
        for entry in content.configurations:
            child, _ = self._found(experiment_id, entry, created, nested)
            self._write(child, entry, created, step)
            self._client.set_terminated(child, _STATUS[content.status], created)
        self._write(run_id, content.run, created, step)
        for path in content.artifacts:
            cast("_TakesArtifacts", self._client).log_artifact(run_id, str(path))
        self._client.set_tag(run_id, _DIGEST, digest)  # last: without it, all is written again
        self._client.set_terminated(run_id, _STATUS[content.status], created)
        return logged

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        if found is None:
            return self._client.create_experiment(self._experiment)
        if found.lifecycle_stage != "active":
            fault = Fault(
                where=f"MLflow experiment {self._experiment!r}",
                seen="it is deleted",
                next_step="restore it, or name another one with --experiment",
            )
            raise LLMOpsError(str(fault))
        return found.experiment_id

    def _found(
        self, experiment_id: str, entry: Entry, created: int, tags: Mapping[str, str]
    ) -> tuple[str, Mapping[str, str]]:
        """Return the entry's run and its tags; a new one where there is none yet."""
        query = f"tags.`{_KEY}` = '{entry.key}'"
        runs = self._client.search_runs([experiment_id], query, max_results=1)
        run = next(iter(runs), None) or self._client.create_run(
            experiment_id, created, {_KEY: entry.key, **tags}, entry.name
        )
        return run.info.run_id, run.data.tags

    def _write(self, run_id: str, entry: Entry, created: int, step: int) -> None:
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(name, value, created, step) for name, value in entry.metrics.items()]
        parameters = [Param(name, value) for name, value in entry.parameters.items()]
        tags = [RunTag(name, value) for name, value in entry.tags.items()]
        for some in _batches(metrics):
            self._client.log_batch(run_id, metrics=some)
        for some in _batches(parameters):
            self._client.log_batch(run_id, params=some)
        for some in _batches(tags):
            self._client.log_batch(run_id, tags=some)


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE))


def _page(uri: str, experiment_id: str, run_id: str) -> str:
    """Return where a browser finds the run; the URI alone where that is no web server."""
    base = _without_password(uri).rstrip("/")
    is_web = base.startswith(("http://", "https://"))
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}" if is_web else base


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _refused(uri: str, error: Exception) -> LLMOpsError:
    password = urlsplit(uri).password
    is_azure = uri.startswith("azureml:")
    fault = Fault(
        where=_without_password(uri),
        seen=Redactor([password] if password else [])(str(error)),
        next_step="pip install azureml-mlflow, and sign in" if is_azure else "",
    )
    return LLMOpsError(str(fault))
