"""Who is told of a new proposal: one file per kind of notifier, chosen by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from llmops.notifiers.email import EmailNotifier
from llmops.notifiers.webhook import WebhookNotifier

__all__ = ["AnyNotifier"]

AnyNotifier = Annotated[WebhookNotifier | EmailNotifier, Field(discriminator="kind")]
"""A notifier of the section `monitor:`."""
