"""Which labels are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.domain.description import Confusion

if TYPE_CHECKING:
    from llmops.comparison.scores import Scores


def confusions_of(scores: Scores) -> tuple[Confusion, ...]:
    """Return configurations x datasets where labels were counted, over all repeats."""
    return tuple(
        Confusion(
            configuration=name,
            dataset=dataset.dataset,
            labels=tuple(sorted({label for pair in dataset.labels[place] for label in pair})),
            counts=dict(dataset.labels[place]),
        )
        for place, name in enumerate(scores.configurations)
        for dataset in scores.datasets
        if dataset.labels and dataset.labels[place]
    )
