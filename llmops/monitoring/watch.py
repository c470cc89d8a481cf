"""An endpoint that is to be looked at: everything that is named, loaded and checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from llmops.deployment import load_deployment
from llmops.deployment.metrics import MEASURED
from llmops.deployment.monitoring import MonitorSection
from llmops.domain.call import Usage
from llmops.experiment import load, outputs_by_name
from llmops.monitoring.access import read_access
from llmops.monitoring.comparing import resolved
from llmops.monitoring.evaluation_data import evaluation_data
from llmops.monitoring.evaluators import Interface, judges_of
from llmops.monitoring.judges import prepare
from llmops.monitoring.looking import Logs, Look
from llmops.monitoring.observed import Observer
from llmops.monitoring.production import LogReader
from llmops.monitoring.stated import stated_split
from llmops.monitoring.verdicts import FILE, Verdicts
from llmops.redaction import Redactor
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from llmops.deployment import DeploymentFile
    from llmops.domain.monitoring import Monitoring, StatedSplit
    from llmops.domain.release import Release
    from llmops.experiment import Experiment
    from llmops.monitoring.evaluators import ProductionJudge
    from llmops.monitoring.production import Request
    from llmops.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to look at: `log` None: where the service writes; `since` None: the last change."""

    project: Path
    experiment: str
    environment: str
    log: Path | None = None
    since: float | None = None
    overrides: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """An order with everything loaded and checked; nothing is read or paid yet."""

    order: Order
    file: DeploymentFile
    section: MonitorSection
    experiment: Experiment
    split: StatedSplit
    release: Release
    judges: tuple[ProductionJudge, ...]
    notes: tuple[str, ...]

    @property
    def endpoint(self) -> str:
        return f"{self.file.environment}/{self.file.endpoint}"

    async def look(self, folder: Path, progress: Progress) -> Monitoring:
        """Read the logs and look; `folder` keeps the verdicts."""
        metrics = (*MEASURED, *outputs_by_name(each.evaluator for each in self.judges))
        plan = resolved(self.file.traffic, metrics, self.file.label)
        most = self.section.drift.sample
        evaluated, why_not = evaluation_data(self.order.project, self.release, most)
        redact = Redactor(self.experiment.secrets)
        with Verdicts(path=folder / FILE, redact=redact) as verdicts:
            look = Look(
                endpoint=self.endpoint,
                place=f"{self.order.experiment} --env {self.file.environment}",
                now=datetime.now(UTC).timestamp(),
                split=self.split,
                plan=plan,
                section=self.section,
                experiment=self.experiment,
                judging=prepare(self.experiment, self.judges),
                verdicts=verdicts,
                evaluated=evaluated,
                logs=self._logs(),
                notes=[*self.notes, *([why_not] if why_not else [])],
            )
            return await look.found(progress)

    def _logs(self) -> Logs:
        reports, file = self.order.project / "reports", self.file
        place = f"{file.environment}/{file.endpoint}"
        reader = LogReader(folder=self.order.log or reports / "production" / place)
        observer = Observer(
            split=self.split,
            unit=self.section.unit,
            sample=self.section.sample,
            drift_sample=self.section.drift.sample,
            feedback=frozenset[str]().union(*(each.feedback for each in self.judges)),
            price=_price_of(self.experiment),
        )
        observed = observer.observe(reader.entries())
        gateway = reports / "endpoints" / place / "access.jsonl"
        return Logs(
            observed=observed,
            access={} if self.order.log else read_access(gateway, self.split.since),
            digests=reader.digests,
            damaged=reader.damaged,
            sample=file.settings.log_sample or 1.0,
        )


def open_watch(order: Order) -> Watch:
    """Load and check everything that an order names.

    Raises:
        ConfigError: with all that is wrong with the deployment file, the experiment or `since`.
        ApprovalError: when the ledger or the release does not verify.
    """
    project = order.project
    file = load_deployment(project, order.experiment, order.environment, overrides=order.overrides)
    section = file.monitor or MonitorSection()
    split = stated_split(project, f"{file.environment}/{file.endpoint}", order.since)
    name, _, number = split.releases[split.candidate].rpartition("/")
    release = FolderRegistry(root=releases_folder(project)).load(name, int(number))
    folder = project / "experiments" / order.experiment
    overlay = folder / f"experiment.{order.environment}.yaml"
    experiment = load(folder, env=order.environment if overlay.exists() else None, project=project)
    served = Interface(inputs=tuple(release.inputs), outputs=release.outputs)
    judges, notes = judges_of(experiment, section.evaluators, served, file.label)
    return Watch(
        order=order,
        file=file,
        section=section,
        experiment=experiment,
        split=split,
        release=release,
        judges=judges,
        notes=(*notes, *_changed(release, judges)),
    )


def _changed(release: Release, judges: Sequence[ProductionJudge]) -> list[str]:
    """Say which evaluators are not those that the release was evaluated with."""
    stated = cast("Sequence[Mapping[str, object]]", release.lineage.get("evaluators", ()))
    digests = {each["name"]: each["digest"] for each in stated}
    return [
        f"{name} has changed since {release.label} was evaluated: its scores are not the same"
        for each in judges
        if digests.get(name := each.evaluator.name, "") not in {"", each.evaluator.flow.digest()}
    ]


def _price_of(experiment: Experiment) -> Callable[[Request], float | None]:
    """Return what prices a request: its log has tokens and no model, so one price must do."""
    prices = set(experiment.prices.values())
    price = prices.pop() if len(prices) == 1 else None

    def cost(request: Request) -> float | None:
        prompt, completion = request.tokens
        usage = Usage(prompt_tokens=prompt, completion_tokens=completion)
        return price.of(usage) if price else None

    return cost
