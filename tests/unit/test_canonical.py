from __future__ import annotations

import pytest

from llmops.canonical import canonical, digest


def test_order_and_spaces_do_not_count() -> None:
    one, other = {"b": [1, 2.5, None], "a": {"d": True, "c": "x"}}, {"a": {"c": "x", "d": True}}
    assert canonical(one) == canonical({**other, "b": [1, 2.5, None]})
    assert canonical(one) == b'{"a":{"c":"x","d":true},"b":[1,2.5,null]}'


def test_text_is_utf_8_and_is_not_normalised() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert canonical({"é": "«ü»"}) == '{"é":"«ü»"}'.encode()
    assert digest(composed) != digest(decomposed)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), {1, 2}, b"x", "\ud800"])
def test_what_has_no_one_form_is_refused(odd: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical({"x": odd})
