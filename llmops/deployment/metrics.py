"""What the traffic plan's metrics mean: names and directions, from the experiment itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from llmops.domain.analysis import OPERATIONAL
from llmops.errors import Fault
from llmops.experiment.layers import Layers, Raw, name_of, read_layers
from llmops.experiment.opening import label_of
from llmops.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from llmops.deployment.traffic import TrafficSection
    from llmops.domain.analysis import Direction

MEASURED: Final = tuple(name for name in OPERATIONAL if name != "missing_rate")
"""What production tells of every request; one that was never made is in no log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMetrics:
    """The experiment's evaluators, and the directions that it states by metric."""

    evaluators: tuple[str, ...]
    directions: Mapping[str, Direction]

    def direction(self, metric: str) -> Direction:
        """Return what the experiment says; else less of what requests take, more of all else."""
        short = metric.partition(".")[2]
        usual: Direction = "minimize" if metric in OPERATIONAL else "maximize"
        return self.directions.get(metric) or self.directions.get(short) or usual

    def faults(self, traffic: TrafficSection, layers: Layers) -> Iterator[Fault]:
        """Yield the conditions on a metric that nothing measures."""
        for key, conditions in (
            ("must_hold", traffic.must_hold),
            ("rollback_when", traffic.rollback_when),
        ):
            for at, each in enumerate(conditions):
                evaluator, dot, _ = each.metric.partition(".")
                if each.metric in MEASURED or (dot and evaluator in self.evaluators):
                    continue
                known = [*MEASURED, *(f"{name}.<metric>" for name in self.evaluators)]
                name = evaluator if dot else each.metric
                yield Fault(
                    where=layers.where("traffic", key, at, "metric"),
                    seen=f"nothing measures {each.metric!r}",
                    allowed=f"allowed: {', '.join(known)}",
                    next_step=nearest(name, self.evaluators if dot else MEASURED),
                )


def known_metrics(folder: Path, project: Path) -> KnownMetrics:
    """Read what an experiment's file and overlays say of evaluators and directions.

    Raises:
        ConfigError: for YAML that cannot be read.
    """
    files = [folder / "experiment.yaml", *sorted(folder.glob("experiment.*.yaml"))]
    layers = read_layers([(file, label_of(file, project)) for file in files if file.exists()], ())
    evaluators = {
        name_of(item): None for _, layer in layers.sources for item in _items(layer, "evaluators")
    }
    base = layers.sources[0][1] if layers.sources else {}
    judged = [*_items(base, "guardrails"), base.get("objective")]
    directions: dict[str, Direction] = {
        str(each["metric"]): cast("Direction", each["direction"])
        for each in (cast("Raw", item) for item in judged if isinstance(item, dict))
        if "metric" in each and each.get("direction") in ("maximize", "minimize")
    }
    return KnownMetrics(evaluators=tuple(filter(None, evaluators)), directions=directions)


def _items(layer: Raw, key: str) -> list[object]:
    items = layer.get(key)
    return cast("list[object]", items) if isinstance(items, list) else []
