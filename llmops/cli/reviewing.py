"""What `approve` and `reject` have in common: a statement becomes a signed record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from llmops.domain.ledger import LedgerRecord
    from llmops.pipeline.approve import Statement

PASSPHRASE = "LLMOPS_KEY_PASSPHRASE"  # noqa: S105  the name of a variable
"""The variable that holds the key's passphrase where nobody can be asked."""

Key = Annotated[Path, typer.Option(help="Your private key: llmops keygen, or an OpenSSH key.")]
Reviewer = Annotated[str, typer.Option(help="Your name in approvers.yaml.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]


def signed(project: Path, run: str, key: Path, statement: Statement) -> LedgerRecord:
    """Draft, sign and record the statement."""
    from llmops.approval import approval_bytes
    from llmops.pipeline.approve import draft, record
    from llmops.signing import load_private_key, sign
    from llmops.store import find_run

    folder = find_run(project, run)
    private = load_private_key(key, passphrase)
    approval = draft(project, folder, statement)
    return record(project, folder, approval, sign(private, approval_bytes(approval)))


def passphrase() -> str:
    """Return the passphrase of the key from the environment, else from the terminal.

    Raises:
        ConfigError: when there is none.
    """
    import os
    from getpass import getpass

    from llmops.errors import ConfigError, Fault

    try:
        given = os.environ.get(PASSPHRASE) or getpass("passphrase of the key: ")
    except EOFError:
        given = ""
    if not given:
        fault = Fault(where=PASSPHRASE, seen="no passphrase", next_step="set it, or type one")
        raise ConfigError([fault])
    return given
