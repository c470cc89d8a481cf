"""A run as its reviewer sees it: the numbers, what they show, and what stands against a release."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llmops.comparison import compare
from llmops.deployed import deployed
from llmops.errors import ConfigError, Fault
from llmops.gating import check_gates
from llmops.nearest import nearest
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult
    from llmops.domain.report import ConfigurationReport, RunReport
    from llmops.gating import Unmeasured


class Review:
    """Computed when first asked for: from the run's evidence, and what serves now for gates."""

    def __init__(self, folder: Path, environment: str = "") -> None:
        """Open the run; its gates compare with what is deployed in the environment, empty: in any.

        Raises:
            LLMOpsError: when the evidence can't be read.
        """
        self.folder, self.environment = folder, environment
        self.reader = RunReader(folder)

    @property
    def run(self) -> str:
        """Return the name that the ledger has for the run: `<experiment>/<run id>`."""
        return f"{self.reader.manifest['experiment']}/{self.reader.manifest['run_id']}"

    @cached_property
    def numbers(self) -> RunReport:
        """Return what the lines took and scored."""
        return summarise(self.reader)

    @cached_property
    def comparison(self) -> Comparison:
        """Return the statistics and the decision."""
        return compare(self.reader, self.numbers)

    @cached_property
    def deployed(self) -> ConfigurationReport | Unmeasured | None:
        """Return what serves now measured; only asked for where a gate compares with it."""
        if all(gate.against != "deployed" for gate in self.comparison.analysis.gates):
            return None
        project = self.folder.resolve().parents[2]
        return deployed(project, self.numbers.experiment, self.environment)

    def configuration(self, name: str | None) -> str | None:
        """Return the id of a configuration by its label or id; None: the recommended one's.

        Raises:
            ConfigError: when the run has no such configuration.
        """
        if name is None:
            return self.comparison.decision.configuration
        for item in self.numbers.configurations:
            if name in (item.id, item.label):
                return item.id
        labels = [item.label for item in self.numbers.configurations]
        fault = Fault(
            where=f"run {self.run}",
            seen=f"no configuration {name!r}",
            allowed=f"it has {'; '.join(labels)}",
            next_step=nearest(name, labels),
        )
        raise ConfigError([fault])

    def gates(self, configuration: str | None) -> tuple[GateResult, ...]:
        """Return every gate for a configuration, by its id."""
        return check_gates(
            self.numbers, self.comparison, configuration=configuration, deployed=self.deployed
        )

    def open_points(self, configuration: str | None) -> tuple[OpenPoint, ...]:
        """Return the unmet gates, then the broken guardrails, of a configuration."""
        gates = [
            OpenPoint(
                name=f"gate: {each.wanted} on {each.dataset or 'all data'}", said=each.sentence
            )
            for each in self.gates(configuration)
            if each.status == "unmet"
        ]
        guardrails = [
            OpenPoint(name=f"guardrail: {each.metric} on {each.dataset}", said=each.sentence)
            for each in self.comparison.guardrails
            if each.configuration == configuration and not each.kept
        ]
        return (*gates, *guardrails)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """What a reviewer has to acknowledge by `name` to approve."""

    name: str
    said: str
