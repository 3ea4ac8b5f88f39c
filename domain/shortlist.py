"""The set of creators that brings most for the budget, proven, and who comes next.

The same options give the same answer, in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.programme import Programme, Row, Solver, maximise

COUNTER_OFFER_PERCENT = 5
"""So much of the budget is left for counter-offers."""


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
class Proof:
    """How near the chosen set is to the best that exists."""

    solver: str
    """Product and version."""
    bound: int
    """No set within the limits is expected to bring more."""
    gap: float
    """The share of the chosen set's result that might be missing; 0 is the proven best."""
    searched: int
    """Candidates among whom whole sets were tried; prices prove the place of all others."""


@dataclass(frozen=True)
class Shortlist:
    """The chosen and the waitlist, both in the order of invitation."""

    chosen: tuple[Option, ...]
    waitlist: tuple[Option, ...]
    spendable_minor: int
    proof: Proof

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


def solve(options: Sequence[Option], wanted: int, budget_minor: int, solver: Solver) -> Shortlist:
    """Choose at most ``wanted`` options within the budget, to bring as much as possible.

    The waitlist is in the order in which one would take them if there were more to spend or more
    places: by what each brings beyond the price of the money and the place that it takes.

    Raises:
        Unsolved: the solver gave up.
    """
    spendable = budget_minor * (100 - COUNTER_OFFER_PERCENT) // 100
    return choose(options, wanted, spendable, solver)


def choose(
    options: Sequence[Option], wanted: int, spendable_minor: int, solver: Solver
) -> Shortlist:
    """Like `solve`, with everything that may be spent: for those who replace whoever says no.

    Raises:
        Unsolved: the solver gave up.
    """
    ranked = sorted(options, key=_rank)
    programme = _programme(ranked, wanted, spendable_minor)
    proven = maximise(programme, solver)
    if proven is None:  # taking nobody keeps every limit of this programme
        raise AssertionError("nobody at all is a shortlist too")
    chosen = [option for number, option in enumerate(ranked) if number in proven.taken]
    rest = [number for number in range(len(ranked)) if number not in proven.taken]
    left = spendable_minor - sum(option.fee_minor for option in chosen)
    waiting: list[int] = []
    for number in rest:
        # Those who are expected to bring nothing change no sum, but a place may be theirs.
        if len(chosen) < wanted and ranked[number].fee_minor <= left:
            chosen.append(ranked[number])
            left -= ranked[number].fee_minor
        else:
            waiting.append(number)
    margins = proven.relaxed.margins
    waiting.sort(key=lambda number: (-round(margins[number], 6), number))
    return Shortlist(
        chosen=tuple(sorted(chosen, key=_rank)),
        waitlist=tuple(ranked[number] for number in waiting),
        spendable_minor=spendable_minor,
        proof=Proof(solver.name, int(proven.bound), proven.gap, proven.searched),
    )


def _programme(ranked: Sequence[Option], wanted: int, spendable_minor: int) -> Programme:
    fees = {number: option.fee_minor for number, option in enumerate(ranked) if option.fee_minor}
    everybody = dict.fromkeys(range(len(ranked)), 1)
    too_dear = {number: 0 for number, fee in fees.items() if fee > spendable_minor}
    return Programme(
        gains=tuple(option.expected for option in ranked),
        rows=(
            Row("budget", fees, at_most=spendable_minor),
            Row("wanted", everybody, at_most=wanted),
        ),
        yes_or_no=len(ranked),
        fixed=too_dear,
    )


def _rank(option: Option) -> tuple[float, int, str]:
    return (-option.value_for_money, -option.expected, option.creator_id)
