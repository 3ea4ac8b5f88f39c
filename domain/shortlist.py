"""The set of creators that brings most for the budget, and who comes next.

Value for money first, then exchanges while one brings more. The same input gives the same answer,
in whatever order it comes. An exact solver can take this module's place behind the same function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COUNTER_OFFER_PERCENT = 5
"""So much of the budget is left for counter-offers."""

MAX_PASSES = 4
MAX_EXCHANGED = 200
"""Chosen ones, from the weakest, that are tried against the others in one pass."""


@dataclass(frozen=True)
class Option:
    """A suitable candidate: fee in the smallest unit, and what is expected of the metric."""

    creator_id: str
    fee_minor: int
    expected: int

    @property
    def value_for_money(self) -> float:
        """What one unit of money brings."""
        return self.expected / max(self.fee_minor, 1)


@dataclass(frozen=True)
class Shortlist:
    """The chosen and the waitlist, both in the order of invitation."""

    chosen: tuple[Option, ...]
    waitlist: tuple[Option, ...]
    spendable_minor: int

    @property
    def cost_minor(self) -> int:
        """What the chosen cost together."""
        return sum(option.fee_minor for option in self.chosen)

    @property
    def expected(self) -> int:
        """What the chosen bring together."""
        return sum(option.expected for option in self.chosen)

    @property
    def digest(self) -> str:
        """What a manager signs off: who, in which order, for how much."""
        return shortlist_digest((o.creator_id, o.fee_minor) for o in (*self.chosen, *self.waitlist))


def shortlist_digest(ordered: Iterable[tuple[str, int]]) -> str:
    """SHA-256 over the ordered creators and fees."""
    lines = "\n".join(f"{creator_id} {fee_minor}" for creator_id, fee_minor in ordered)
    return hashlib.sha256(lines.encode()).hexdigest()


def solve(options: Sequence[Option], wanted: int, budget_minor: int) -> Shortlist:
    """Choose at most ``wanted`` options within the budget, to bring as much as possible."""
    spendable = budget_minor * (100 - COUNTER_OFFER_PERCENT) // 100
    ranked = sorted(options, key=_rank)
    chosen: list[Option] = []
    rest: list[Option] = []
    left = spendable
    for option in ranked:
        if len(chosen) < wanted and option.fee_minor <= left:
            chosen.append(option)
            left -= option.fee_minor
        else:
            rest.append(option)
    for _ in range(MAX_PASSES):
        left, improved = _exchange(chosen, rest, left)
        if not improved:
            break
    return Shortlist(tuple(sorted(chosen, key=_rank)), tuple(sorted(rest, key=_rank)), spendable)


def _exchange(chosen: list[Option], rest: list[Option], left: int) -> tuple[int, bool]:
    """Exchange weak chosen ones for affordable stronger others; changes both lists."""
    improved = False
    for weak in sorted(chosen, key=lambda option: (option.expected, option.creator_id))[
        :MAX_EXCHANGED
    ]:
        purse = weak.fee_minor + left
        better = max(
            (other for other in rest if other.fee_minor <= purse),
            key=lambda option: (option.expected, -option.fee_minor, option.creator_id),
            default=None,
        )
        if better is not None and better.expected > weak.expected:
            chosen[chosen.index(weak)] = better
            rest[rest.index(better)] = weak
            left = purse - better.fee_minor
            improved = True
    return left, improved


def _rank(option: Option) -> tuple[float, int, str]:
    return (-option.value_for_money, -option.expected, option.creator_id)
