"""What endpoints, deployments and variables may be called, so that every target can."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import WithJsonSchema

from llmops.experiment.matching import Matches

LABEL: Final = Matches(
    pattern=r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    allowed="lower-case letters, digits and -, a letter first, no - last, at most 63",
)
"""Of endpoints and deployments: a DNS label that a Kubernetes Service can have."""

ENVIRONMENT: Final = Matches(
    pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}",
    allowed="letters, digits and . _ -, a letter or digit first, at most 63",
)
"""Of environments, which are folders."""

Label = Annotated[str, LABEL]

VariableName = Annotated[
    str,
    Matches(
        pattern=r"[A-Za-z_.-][A-Za-z0-9_.-]*",
        allowed="a variable's name: letters, digits and _ . -, no digit first",
    ),
]

VariableValue = Annotated[str, WithJsonSchema({"type": ["string", "number"]})]


def label_from(name: str) -> str:
    """Return the name as a label, as near as can be; what has no letter stays none.

    >>> label_from("Support_replies/3")
    'support-replies-3'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
