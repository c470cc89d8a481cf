"""Data assets of an Azure ML workspace: `azureml:<name>:<version>`."""

from __future__ import annotations

import re
from typing import Final

from llmops.errors import Fault

PREFIX: Final = "azureml:"


def fault(source: str, where: str) -> Fault:
    """Return why this source cannot be read on this machine."""
    if not re.fullmatch(r"azureml:[^:/\s]+:[^:/\s]+", source):
        return Fault(where=where, seen=repr(source), allowed="allowed: azureml:<name>:<version>")
    return Fault(
        where=where,
        seen=f"{source!r} is a data asset of an Azure ML workspace",
        allowed="the local executor reads files only",
        next_step="download it beside the experiment and name that file, "
        "or install the `azure` extra and use the azureml executor",
    )
