"""What `troupe doctor` found: one line for people, stable words for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

TIMEOUT = 10.0
"""Seconds that one check may take."""


class Status(StrEnum):
    """What a check found."""

    OK = "ok"
    WARNING = "warning"  # works, with a limit that one should know
    FAULT = "fault"  # does not work
    SKIPPED = "skipped"  # cannot be checked now; says why


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's answer."""

    name: str
    status: Status
    message: str
    fix: str = ""
    """What to do; empty if there is nothing to do."""

    def as_json(self) -> dict[str, str]:
        """The stable form, see docs/cli.md."""
        return {name: str(value) for name, value in asdict(self).items()}
