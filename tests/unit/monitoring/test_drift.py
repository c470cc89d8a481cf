"""Which columns drift, and which only differ."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from llmops.monitoring.drift import Rules, corrected, drifts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.monitoring import Drift

RULES = Rules(level=0.05, at_least=0.1, ignore={"id"})
DRAW = random.Random(5)  # noqa: S311  draws rows, no keys
WORDS = ("order", "late", "refund", "thanks", "where", "parcel", "broken", "again")


def row(
    number: int, *, words: tuple[str, ...] = WORDS, age: float = 40, east: float = 0.5
) -> Mapping[str, object]:
    return {
        "id": f"id-{number}",
        "text": " ".join(DRAW.choices(words, k=DRAW.randint(5, 15))),
        "age": DRAW.gauss(age, 10),
        "region": "east" if DRAW.random() < east else "west",
        "note": None if number % 10 else "seen",
    }


def found(count: int = 300, **changes: Any) -> dict[str, Drift]:
    reference = [row(number) for number in range(200)]
    current = [row(number, **changes) for number in range(count)]
    every = corrected(drifts(reference, current, "input", RULES), RULES)
    return {f"{each.column}: {each.property}": each for each in every}


def test_every_kind_of_column_is_looked_at_as_its_kind() -> None:
    kinds = {name: each.test for name, each in found().items()}
    assert kinds == {
        "input text: length": "Kolmogorov-Smirnov",
        "input text: wording": "permutation of trigram profiles",
        "input age: values": "Kolmogorov-Smirnov",
        "input region: categories": "chi-square",
        "input note: missing values": "chi-square",
    }


def test_the_same_kind_of_requests_has_not_drifted() -> None:
    assert not any(each.drifted for each in found().values())


def test_what_drifts_is_named_and_nothing_else() -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"age": 60}, "input age: values"),
        ({"east": 0.9}, "input region: categories"),
        ({"words": ("bonjour", "merci", "commande", "retard")}, "input text: wording"),
    )
    for changes, name in cases:
        drifted = [each for each in found(**changes).values() if each.drifted]
        assert name in {f"{each.column}: {each.property}" for each in drifted}
        assert all(each.column == name.partition(":")[0] for each in drifted)
        assert "has drifted from the evaluation data" in drifted[0].sentence


def test_a_sure_difference_that_is_small_is_no_drift() -> None:
    many = (
        [row(number) for number in range(6000)],
        [row(number, age=41.5) for number in range(6000)],
    )
    (age,) = [
        each
        for each in corrected(drifts(*many, "input", RULES), RULES)
        if each.column == "input age"
    ]
    assert age.p_adjusted < 0.001
    assert not age.drifted


def test_few_requests_and_odd_values_are_not_tested() -> None:
    assert found(count=20) == {}
    odd: list[Mapping[str, object]] = [{"x": [1, {"a": float("nan")}], "y": True}] * 40
    assert all(not each.drifted for each in corrected(drifts(odd, odd, "output", RULES), RULES))
