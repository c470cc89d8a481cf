from __future__ import annotations

from llmops.reporters.html.facets import Facet


def test_codes_point_at_values_and_zero_is_nothing() -> None:
    facet = Facet("grade", 2)
    for texts in (["good", "bad"], [None, "good"]):
        facet.add(texts)
    assert facet.packed() == {"name": "grade", "values": ["good", "bad"], "codes": [[1, 0], [2, 1]]}


def test_free_text_is_no_facet() -> None:
    many, long = Facet("many", 1), Facet("long", 1)
    for number in range(300):
        many.add([str(number)])
    long.add(["x" * 100])
    long.add(["short"])
    assert many.packed() == {"name": "many"}
    assert long.packed() == {"name": "long"}
