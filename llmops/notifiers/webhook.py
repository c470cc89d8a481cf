"""Posts JSON to an address, signed as the Standard Webhooks specification has it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

from llmops.errors import Fault, LLMOpsError
from llmops.notifiers.settings import NONE, SETTINGS, Secret
from llmops.redaction import Redactor

if TYPE_CHECKING:
    from llmops.domain.monitoring import Notice

_PREFIX: Final = "whsec_"
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})


class WebhookNotifier(BaseModel):
    """An address that takes JSON."""

    model_config = SETTINGS

    kind: Literal["webhook"] = "webhook"
    url: Secret
    """Where to; such addresses often hold a token, so it is treated as a secret."""
    secret: Secret = NONE
    """Signs each message; `whsec_` and base64, or any text."""
    timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_seconds: Annotated[float, Field(ge=0)] = 1.0
    """The wait before the second attempt; it doubles each time."""

    @field_validator("secret")
    @classmethod
    def _decodable(cls, secret: SecretStr) -> SecretStr:
        try:
            _key(secret.get_secret_value())
        except binascii.Error:
            message = f"what follows {_PREFIX} is no base64"
            raise ValueError(message) from None
        return secret

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Notifier.secrets`."""
        stated = (self.url.get_secret_value(), self.secret.get_secret_value())
        return tuple(each for each in stated if each)

    async def tell(self, notice: Notice) -> None:
        """Post it until it is taken; every attempt has the same id. See `Notifier.tell`."""
        content = {"id": notice.id, "subject": notice.subject, "text": notice.text, **notice.facts}
        body = Redactor(self.secrets)(json.dumps(content, ensure_ascii=False)).encode()
        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                await asyncio.sleep(self.retry_seconds * 2 ** (attempt - 1))
            again, problem = await self._post(notice.id, body)
            if not problem:
                return
            if not again:
                break
        fault = Fault(where=self._where, seen=problem, next_step="the next look tells it again")
        raise LLMOpsError(str(fault))

    async def _post(self, identity: str, body: bytes) -> tuple[bool, str]:
        """Return whether to try again, and what went wrong; empty for nothing."""
        import aiohttp  # noqa: PLC0415  only those who notify wait for it

        headers = {"content-type": "application/json", **self._signed(identity, body)}
        timeout = aiohttp.ClientTimeout(total=self.timeout_seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.post(
                    self.url.get_secret_value(), data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                if answer.ok and answer.status < 300:
                    return False, ""
                return answer.status in _AGAIN, f"answered {answer.status}"
        except TimeoutError:
            return True, f"no answer within {self.timeout_seconds:g} s"
        except aiohttp.InvalidURL:
            return False, "the url is none"
        except aiohttp.ClientError as error:
            return True, f"cannot be reached: {type(error).__name__}"

    def _signed(self, identity: str, body: bytes) -> dict[str, str]:
        """Return the headers of standardwebhooks.com: id, time, and HMAC-SHA256 over both."""
        now = str(int(time.time()))
        headers = {"webhook-id": identity, "webhook-timestamp": now}
        if stated := self.secret.get_secret_value():
            signed = f"{identity}.{now}.".encode() + body
            mac = hmac.digest(_key(stated), signed, hashlib.sha256)
            headers["webhook-signature"] = f"v1,{base64.b64encode(mac).decode()}"
        return headers

    @property
    def _where(self) -> str:
        """Name the host only: path and query may hold a token."""
        return f"webhook to {urlsplit(self.url.get_secret_value()).hostname or 'nowhere'}"


def _key(secret: str) -> bytes:
    if secret.startswith(_PREFIX):
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    return secret.encode()
