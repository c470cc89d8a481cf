"""What every notifier promises, against real servers on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, get_args

import pytest
from hook_server import hook_server
from mail_server import HOST, mail_server
from pydantic import TypeAdapter, ValidationError
from sample_project import KEY

from llmops.domain.monitoring import Notice
from llmops.errors import LLMOpsError
from llmops.notifiers import AnyNotifier

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from hook_server import HookServer
    from mail_server import MailServer

    from llmops.domain.monitoring import Notifier

NOTICE = Notice(
    id="dev-messages-2027",
    subject="dev/messages: rollback: Roll messages-2 back.\nBcc: mallory@example.com",
    text=f"Roll messages-2 back.\n- it is worse\n- and says {KEY}",
    facts={"action": "rollback", "percent": None},
)


def notifier(**fields: object) -> Notifier:
    adapter: TypeAdapter[Any] = TypeAdapter(AnyNotifier)
    return adapter.validate_python(fields)


class Server(Protocol):
    """A server that a notifier delivers to."""

    def notifier(self) -> Notifier: ...
    def refuse(self, *, times: int, for_good: bool = False) -> None: ...
    def delivered(self) -> list[str]: ...


@dataclass
class Hook:
    server: HookServer

    def notifier(self) -> Notifier:
        return notifier(kind="webhook", url=self.server.url, secret=KEY, retry_seconds=0)

    def refuse(self, *, times: int, for_good: bool = False) -> None:
        self.server.statuses += [410 if for_good else 503] * times

    def delivered(self) -> list[str]:
        return [each.body.decode() for each in self.server.received]


@dataclass
class Mail:
    server: MailServer
    attempted: int = 0

    def notifier(self) -> Notifier:
        return notifier(
            kind="email",
            host=HOST,
            port=self.server.port,
            ca_file=str(self.server.certificate),
            user="ada",
            password=KEY,
            **{"from": "llmops@example.com"},
            to=["ada@example.com", "ben@example.com"],
            retry_seconds=0,
        )

    def refuse(self, *, times: int, for_good: bool = False) -> None:
        self.server.refusals += [b"550 no" if for_good else b"451 later"] * times

    def delivered(self) -> list[str]:
        return [each.as_string() for each in self.server.mails]


@pytest.fixture(params=["webhook", "email"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Server]:
    if request.param == "webhook":
        with hook_server() as hooks:
            yield Hook(hooks)
    else:
        with mail_server(tmp_path) as mails:
            yield Mail(mails)


def test_every_kind_is_tested() -> None:
    union, _ = get_args(AnyNotifier)
    assert {each.__name__ for each in get_args(union)} == {"WebhookNotifier", "EmailNotifier"}


def test_it_delivers_once_and_without_its_secrets(server: Server) -> None:
    asyncio.run(server.notifier().tell(NOTICE))
    (seen,) = server.delivered()
    assert "it is worse" in seen
    assert "Roll messages-2 back." in seen
    assert KEY not in seen


def test_what_fails_for_now_is_tried_again(server: Server) -> None:
    server.refuse(times=2)
    asyncio.run(server.notifier().tell(NOTICE))
    assert "it is worse" in server.delivered()[-1]


def test_tries_are_bounded_and_the_error_holds_no_secret(server: Server) -> None:
    server.refuse(times=9)
    told = server.notifier()
    with pytest.raises(LLMOpsError) as failure:
        asyncio.run(told.tell(NOTICE))
    shown = f"{failure.value!r} {told!r}"
    assert KEY not in shown
    assert "T0KEN" not in shown
    assert HOST in str(failure.value)


def test_what_fails_for_good_is_not_tried_again(server: Server) -> None:
    server.refuse(times=1, for_good=True)
    with pytest.raises(LLMOpsError):
        asyncio.run(server.notifier().tell(NOTICE))
    asyncio.run(server.notifier().tell(NOTICE))
    assert len([each for each in server.delivered() if "it is worse" in each]) <= 2


def test_nobody_there_is_an_error_of_ours() -> None:
    for fields in (
        {"kind": "webhook", "url": "http://127.0.0.1:9/hook"},
        {"kind": "webhook", "url": "no address"},
        {"kind": "email", "host": HOST, "port": 9, "from": "a@b.c", "to": ["d@e.f"]},
    ):
        with pytest.raises(LLMOpsError):
            asyncio.run(notifier(**fields, attempts=2, retry_seconds=0).tell(NOTICE))


def test_a_webhook_is_signed_as_the_standard_says() -> None:
    key = base64.b64encode(b"0123456789abcdef01234567").decode()
    with hook_server() as hooks:
        hooks.statuses = [503]
        told = notifier(kind="webhook", url=hooks.url, secret=f"whsec_{key}", retry_seconds=0)
        asyncio.run(told.tell(NOTICE))
    first, again = hooks.received
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == NOTICE.id
    at = again.headers["webhook-timestamp"]
    assert abs(time.time() - int(at)) < 120
    signed = f"{NOTICE.id}.{at}.".encode() + again.body
    mac = hmac.digest(b"0123456789abcdef01234567", signed, hashlib.sha256)
    assert again.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert json.loads(again.body)["action"] == "rollback"


def test_a_mail_is_encrypted_and_has_no_header_of_others(tmp_path: Path) -> None:
    with mail_server(tmp_path) as mails:
        asyncio.run(Mail(mails).notifier().tell(NOTICE))
    (mail,) = mails.mails
    assert mails.encrypted == [True]
    assert mails.logins == [f"\0ada\0{KEY}"]
    assert mail["To"] == "ada@example.com, ben@example.com"
    assert mail["Bcc"] is None


def test_a_server_that_nobody_vouches_for_gets_no_password(tmp_path: Path) -> None:
    with mail_server(tmp_path) as mails:
        told = notifier(
            kind="email",
            host=HOST,
            port=mails.port,
            user="ada",
            password=KEY,
            **{"from": "a@b.c"},
            to=["d@e.f"],
            attempts=1,
        )
        with pytest.raises(LLMOpsError, match="SSL"):
            asyncio.run(told.tell(NOTICE))
    assert mails.logins == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "webhook"},
        {"kind": "webhook", "url": "http://x", "secret": "whsec_%"},
        {"kind": "pigeon", "url": "http://x"},
        {"kind": "email", "host": "x", "from": "a@b.c", "to": []},
        {
            "kind": "email",
            "host": "x",
            "from": "a@b.c",
            "to": ["d@e.f"],
            "encryption": "none",
            "password": KEY,
        },
    ],
)
def test_what_cannot_work_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        notifier(**fields)
