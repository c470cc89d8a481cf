"""`llmops keygen`: a key to sign approvals with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def keygen(
    file: Annotated[Path, typer.Argument(help="Where the private key goes, outside the project.")],
    *,
    protect: Annotated[
        bool, typer.Option("--protect", help="Encrypt it; the review page can't use it then.")
    ] = False,
) -> None:
    """Write a private key and print the public one, for approvers.yaml."""
    from llmops.cli.reviewing import passphrase
    from llmops.signing import generate

    print(generate(file, passphrase() if protect else ""))
