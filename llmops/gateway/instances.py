"""One process at one address, as the gateway sees it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from llmops.domain.traffic import Address, HealthCheck


@dataclass(slots=True, eq=False)
class Instance:
    """One instance of a deployment; up until shown otherwise.

    `turn` is the number of its deployment's turn in which it was taken last.
    """

    deployment: str
    address: Address
    up: bool = True
    in_flight: int = 0
    turn: int = 0
    _failures: int = 0
    _bad_checks: int = 0
    _good_checks: int = 0

    @property
    def origin(self) -> str:
        """Return where it is, as a URL begins."""
        return f"http://{self.address}"

    @contextmanager
    def at_work(self) -> Generator[None]:
        """Count a request as in work."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def answered(self) -> None:
        """Note that it answered a request, whatever it said."""
        self._failures = 0

    def failed(self, rules: HealthCheck) -> None:
        """Note that it did not take a request, or broke off."""
        self._failures += 1
        if self._failures >= rules.eject_after:
            self._put_out()

    def checked(self, rules: HealthCheck, *, good: bool) -> None:
        """Note what a health check found."""
        if good:
            self._bad_checks = 0
            self._good_checks += 1
            if not self.up and self._good_checks >= rules.rise:
                self.up, self._failures = True, 0
        else:
            self._bad_checks += 1
            self._good_checks = 0
            if self._bad_checks >= rules.fall:
                self._put_out()

    def _put_out(self) -> None:
        self.up, self._good_checks = False, 0
