from __future__ import annotations

from pathlib import Path

import pytest

from llmops.viewing.refusal import Refused
from llmops.viewing.security import Access
from llmops.viewing.session import Session


def test_every_challenge_is_another() -> None:
    session = Session()
    assert session.challenge() != session.challenge()


def test_nothing_is_kept_for_a_reviewer_who_is_not_known() -> None:
    with pytest.raises(Refused, match="nobody has signed in"):
        Session().reviewer(Path(), "reviews")


def test_the_token_is_worth_nothing_after_its_use() -> None:
    access = Access(port=1)
    token = access.url.partition("token=")[2]
    assert access.exchange("") is None
    assert access.exchange(token[:-1]) is None
    assert access.exchange(token)
    assert access.exchange(token) is None
    assert access.exchange("") is None


def test_no_secret_is_in_the_words_of_the_objects() -> None:
    access, session = Access(port=1), Session()
    token = access.url.partition("token=")[2]
    assert token not in repr(access)
    assert session.challenge() not in repr(session)
    cookie = access.exchange(token)
    assert cookie
    assert cookie not in repr(access)
