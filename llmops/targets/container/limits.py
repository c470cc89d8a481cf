"""What an instance is given, as Kubernetes writes it and as an engine takes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.domain.deployment import Resources

_QUANTITY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_POWERS_OF_1000: Final = {"m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4}
_POWERS_OF_1024: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4}


def limits(resources: Resources) -> tuple[str, ...]:
    """Return the options of an engine's `run`.

    Raises:
        ValueError: when one is no quantity.
    """
    options: list[str] = []
    if resources.cpu_limit:
        options += ["--cpus", f"{quantity(resources.cpu_limit):g}"]
    if resources.memory_limit:
        options += ["--memory", str(int(quantity(resources.memory_limit)))]
    if resources.memory:
        options += ["--memory-reservation", str(int(quantity(resources.memory)))]
    return tuple(options)


def resource_faults(resources: Resources) -> Iterator[str]:
    """Yield what an engine cannot do of it."""
    if resources.cpu:
        yield "resources.cpu: an engine reserves no processor; state resources.cpu_limit"
    try:
        limits(resources)
    except ValueError as error:
        yield f"resources: {error}"


def quantity(text: str) -> float:
    """Return the number that a quantity stands for.

    >>> quantity("500m"), quantity("512Mi")
    (0.5, 536870912.0)

    Raises:
        ValueError: when it is none.
    """
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r}; allowed: such as 500m, 2, 512Mi, 1G")
    number, unit = float(found[1]), found[2] or ""
    if unit in _POWERS_OF_1024:
        return number * 1024 ** _POWERS_OF_1024[unit]
    return number * 1000.0 ** _POWERS_OF_1000[unit]
