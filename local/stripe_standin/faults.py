"""Failing on command: what should go wrong, for which requests, and how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

Kind = Literal[
    "429",  # refused before anything was executed
    "lock_timeout",  # 429 that asks to be tried again
    "409",  # the key is in use by another request
    "500_before",  # an error, nothing was done; remembered under the key
    "500_after",  # an error although it was done; remembered under the key
    "drop_before",  # the connection is cut, nothing was done
    "drop_after",  # the connection is cut after it was done
    "slow",  # answered after some seconds
    "slow_after",  # done at once, answered after some seconds
    "401",  # the key is refused
    "403",  # the key may not do this
]


@dataclass
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    count: int = 1
    """How many requests it hits."""
    skip: int = 0
    """How many matching requests pass first."""
    method: str = ""
    path: str = ""
    """Beginning of the path; empty for all."""
    key: str = ""
    """Beginning of the idempotency key; empty for all."""
    seconds: float = 1.0
    """For the slow ones."""
    hits: int = 0

    def matches(self, method: str, path: str, key: str) -> bool:
        """True if the request is meant."""
        return (
            self.method in {"", method}
            and path.startswith(self.path)
            and key.startswith(self.key)
        )  # fmt: skip


@dataclass
class Faults:
    """The plan; in memory only, so that a restart heals."""

    planned: list[Fault] = field(default_factory=list)

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Plan a fault.

        Raises:
            ValueError: an unknown kind or field.
        """
        if wanted.get("kind") not in get_args(Kind):
            raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}")
        try:
            fault = Fault(**wanted)
        except TypeError as error:
            raise ValueError(str(error)) from error
        self.planned.append(fault)
        return fault

    def take(self, method: str, path: str, key: str) -> Fault | None:
        """The fault that hits this request, if any; counts it."""
        for fault in self.planned:
            if fault.hits >= fault.count or not fault.matches(method, path, key):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        """The plan, for the control plane."""
        return [asdict(fault) for fault in self.planned]

    def clear(self) -> None:
        """Nothing fails any more."""
        self.planned.clear()
