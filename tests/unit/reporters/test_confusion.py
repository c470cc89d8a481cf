from __future__ import annotations

from dataclasses import replace

from fake_comparison import fake_comparison

from llmops.domain.description import Confusion
from llmops.reporters.html.confusion import SHADES, matrices


def test_a_row_adds_up_and_is_shaded_by_its_shares() -> None:
    counts = {("no", "no"): 30, ("no", "yes"): 10, ("yes", "yes"): 1}
    confusion = Confusion(
        configuration="c", dataset="d", labels=("no", "unparsed", "yes"), counts=counts
    )
    found = matrices(replace(fake_comparison(), confusions=(confusion,)), ["c"])
    assert found
    rows = {label: (entries, total) for label, entries, total in found.own[0].rows}
    assert {label: total for label, (_, total) in rows.items()} == {
        "no": 40,
        "unparsed": 0,
        "yes": 1,
    }
    shades = [entry.shade for entry in rows["no"][0]]
    assert shades == [4, 0, 2]
    assert rows["yes"][0][2].shade == SHADES
    assert [entry.is_right for entry in rows["no"][0]] == [True, False, False]


def test_the_pair_in_focus_comes_first_and_side_by_side() -> None:
    comparison = fake_comparison(datasets=("x", "y"))
    names = list(comparison.labels)
    found = matrices(comparison, [names[0], names[2]])
    assert found
    assert [(each.dataset, each.configuration) for each in found.own] == [
        ("x", names[0]), ("x", names[2]), ("y", names[0]), ("y", names[2])
    ]  # fmt: skip
    assert len(found.own) + len(found.others) == len(comparison.confusions)
