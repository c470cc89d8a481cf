"""Sends a mail through a server of the company's own, encrypted."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from llmops.errors import Fault, LLMOpsError
from llmops.notifiers.settings import NONE, SETTINGS, Secret
from llmops.redaction import Redactor

if TYPE_CHECKING:
    from llmops.domain.monitoring import Notice

Encryption = Literal["starttls", "tls", "none"]


class EmailNotifier(BaseModel):
    """A mail server and who is written to."""

    model_config = SETTINGS

    kind: Literal["email"]
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    encryption: Encryption = "starttls"
    """`none` is for a relay on a network of its own; then there is no password."""
    ca_file: str = ""
    """Certificates to trust, for a server with a certificate of the company's own."""
    user: str = ""
    password: Secret = NONE
    sender: Annotated[str, Field(min_length=3, alias="from")]
    to: Annotated[tuple[str, ...], Field(min_length=1)]
    timeout_seconds: Annotated[float, Field(gt=0)] = 20.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_seconds: Annotated[float, Field(ge=0)] = 1.0
    """The wait before the second attempt; it doubles each time."""

    @model_validator(mode="after")
    def _password_is_encrypted(self) -> Self:
        if self.encryption == "none" and self.secrets:
            message = "a password needs encryption: starttls or tls"
            raise ValueError(message)
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """See `Notifier.secrets`."""
        password = self.password.get_secret_value()
        return (password,) if password else ()

    async def tell(self, notice: Notice) -> None:
        """Hand it to the server; see `Notifier.tell`."""
        message = self._message(notice)
        problem = ""
        for attempt in range(self.attempts):
            if attempt:
                await asyncio.sleep(self.retry_seconds * 2 ** (attempt - 1))
            try:
                await asyncio.to_thread(self._send, message)
            except smtplib.SMTPResponseException as error:
                problem = f"the server refused: {error.smtp_code}"
                if error.smtp_code >= 500:  # for good
                    break
            except (OSError, smtplib.SMTPException) as error:
                problem = f"not delivered: {type(error).__name__}"
            else:
                return
        where = f"email through {self.host}:{self.port}"
        raise LLMOpsError(str(Fault(where=where, seen=problem, next_step="check host and user")))

    def _message(self, notice: Notice) -> EmailMessage:
        redact = Redactor(self.secrets)
        message = EmailMessage()
        message["Subject"] = " ".join(redact(notice.subject).split())
        message["From"], message["To"] = self.sender, ", ".join(self.to)
        message["Date"], message["Message-ID"] = formatdate(), f"<{notice.id}@llmops>"
        message.set_content(redact(notice.text))
        return message

    def _send(self, message: EmailMessage) -> None:
        trusted = ssl.create_default_context(cafile=self.ca_file or None)
        if self.encryption == "tls":
            server = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_seconds, context=trusted
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        with server:
            if self.encryption == "starttls":
                server.starttls(context=trusted)
            if self.user:
                server.login(self.user, self.password.get_secret_value())
            server.send_message(message)
