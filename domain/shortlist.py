"""The set of creators that brings most for the budget, proven, and who comes next.

The same options give the same answer, in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from domain.communities import SCALE, saturations, with_overlap, worth
from domain.programme import Programme, Proven, Row, Solver, Unsolved, maximise
from domain.quotas import UNKNOWN, Limit, Traits
from domain.relaxing import least_slack, loosened

COUNTER_OFFER_PERCENT = 5
"""So much of the budget is left for counter-offers."""

BUDGET, WANTED = "budget", "wanted"
MUST_HAVE_PENALTY = 10_000
"""A must-have gives way after quotas: as if a hundred people were missing."""


@dataclass(frozen=True)
class Option:
    """A suitable candidate: fee in the smallest unit, and what is expected of the metric."""

    creator_id: str
    fee_minor: int
    expected: int
    traits: Traits = UNKNOWN

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
class Unmet:
    """A limit that could not be kept together with the others."""

    path: str
    """The key in the campaign file."""
    says: str
    reached: int
    """The number, or the share in percent, that the chosen set has."""


@dataclass(frozen=True)
class Way:
    """One change that would let all other limits be kept."""

    path: str
    """The key in the campaign file."""
    says: str
    """The limit as it is, in words."""
    to: int
    """What it would have to be: money in the smallest unit, a number, or a share in percent."""


@dataclass(frozen=True)
class Shortlist:
    """The chosen and the waitlist, both in the order of invitation."""

    chosen: tuple[Option, ...]
    waitlist: tuple[Option, ...]
    spendable_minor: int
    proof: Proof
    unmet: tuple[Unmet, ...] = ()
    """Limits that gave way, because not all can be kept within number and budget."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """By limit (`BUDGET`, `WANTED` or its key): what one unit more of it would bring."""
    overlap: int = 0
    """What several of the chosen bring from the same people, and so counts once."""
    pinned: frozenset[str] = frozenset()
    """Those of the chosen whom a person put in; they do not make room for anybody."""
    struck: frozenset[str] = frozenset()
    """Whom a person left out; they are in neither list."""

    @property
    def cost_minor(self) -> int:
        """What the chosen cost together."""
        return sum(option.fee_minor for option in self.chosen)

    @property
    def expected(self) -> int:
        """What the chosen bring together; what they share counts once."""
        return sum(option.expected for option in self.chosen) - self.overlap

    @property
    def digest(self) -> str:
        """What a manager signs off: who, in which order, for how much, and by whose word."""
        ordered = ((o.creator_id, o.fee_minor) for o in (*self.chosen, *self.waitlist))
        return shortlist_digest(ordered, self.pinned, self.struck)


def shortlist_digest(
    ordered: Iterable[tuple[str, int]], pinned: Iterable[str] = (), struck: Iterable[str] = ()
) -> str:
    """SHA-256 over the ordered creators and fees, and over what people changed."""
    lines = [f"{creator_id} {fee_minor}" for creator_id, fee_minor in ordered]
    lines += [f"pinned {creator_id}" for creator_id in sorted(pinned)]
    lines += [f"struck {creator_id}" for creator_id in sorted(struck)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def solve(
    options: Sequence[Option],
    wanted: int,
    budget_minor: int,
    solver: Solver,
    limits: Sequence[Limit] = (),
    overlap_percent: int = 0,
    pinned: Collection[str] = frozenset(),
    struck: frozenset[str] = frozenset(),
) -> Shortlist:
    """Choose at most ``wanted`` options within the budget, to bring as much as possible.

    The waitlist is in the order in which one would take them if there were more to spend or more
    places: by what each brings beyond the price of the money, the place and the quotas that it
    takes. Number and budget are always kept; limits give way, as few as possible, if they cannot.
    The pinned are in, before limits and before the others in the order of invitation; the struck
    are not among the options, and only noted.

    Raises:
        Unsolved: the solver gave up, or the pinned are too many or too dear.
    """
    made = choose(
        options, wanted, spendable_of(budget_minor), solver, limits,
        overlap_percent=overlap_percent, pinned=pinned,
    )  # fmt: skip
    return replace(made, struck=struck)


def choose(
    options: Sequence[Option],
    places: int,
    spendable_minor: int,
    solver: Solver,
    limits: Sequence[Limit] = (),
    held: Sequence[Option] = (),
    overlap_percent: int = 0,
    pinned: Collection[str] = frozenset(),
) -> Shortlist:
    """Like `solve`, with everything that may be spent: for those who replace whoever says no.

    Args:
        options: Who may be chosen.
        places: How many at most.
        spendable_minor: What they may cost together.
        solver: Solves it.
        limits: Quotas and must-haves.
        held: Those who are in already; quotas and communities count them too.
        overlap_percent: What creators of a community share, see `domain.communities`.
        pinned: Ids of those who are to be chosen whatever they bring.

    Raises:
        Unsolved: the solver gave up, or the pinned are too many or too dear.
    """
    ranked = ranked_by_value(options)
    taking_part = [option.traits for option in held]
    programme = _programme(ranked, places, spendable_minor, limits, taking_part, pinned)
    results = [(option.traits, option.expected) for option in (*ranked, *held)]
    shared = saturations(results, overlap_percent)
    if shared:
        programme = with_overlap(programme, results, shared)
    asked = programme
    programme, proven = _best(asked, limits, solver)
    taken = proven.taken
    if sum(number < len(ranked) for number in taken) < places:
        taken = _filled(programme, ranked, taken)
    inside = [option for number, option in enumerate(ranked) if number in taken]
    chosen = tuple(sorted(inside, key=lambda option: option.creator_id not in pinned))
    margins = proven.relaxed.margins
    waiting = [number for number in range(len(ranked)) if number not in taken]
    waiting.sort(key=lambda number: (-round(margins[number], 6), number))
    before = worth(results[len(ranked) :], shared) if shared else 0
    together = [results[number] for number in sorted(taken)]
    scale = SCALE if shared else 1
    alone = sum(option.expected for option in chosen)
    return Shortlist(
        chosen=chosen,
        waitlist=tuple(ranked[number] for number in waiting),
        spendable_minor=spendable_minor,
        proof=Proof(solver.name, int(proven.bound - before) // scale, proven.gap, proven.searched),
        unmet=() if programme is asked else _unmet(chosen, limits, taking_part),
        prices={
            row.name: price / scale
            for row, price in zip(programme.rows, proven.relaxed.prices, strict=True)
        },
        overlap=alone - (worth(together, shared) - before) // SCALE if shared else 0,
        pinned=frozenset(pinned).intersection(option.creator_id for option in chosen),
    )


def record(made: Shortlist, ways: Sequence[Way]) -> dict[str, Any]:
    """How good a shortlist is, as it is kept beside the list."""
    return {
        "expected": made.expected,
        "cost_minor": made.cost_minor,
        "overlap": made.overlap,
        "spendable_minor": made.spendable_minor,
        "proof": asdict(made.proof),
        "unmet": [asdict(each) for each in made.unmet],
        "ways": [asdict(each) for each in ways],
    }


def programme_of(
    options: Sequence[Option],
    wanted: int,
    spendable_minor: int,
    limits: Sequence[Limit],
    pinned: Collection[str] = frozenset(),
) -> Programme:
    """The programme that `choose` solves; its columns are `ranked_by_value`."""
    return _programme(ranked_by_value(options), wanted, spendable_minor, limits, (), pinned)


def ranked_by_value(options: Iterable[Option]) -> list[Option]:
    """Those who bring most for the money first; the same order however they come."""
    return sorted(options, key=_rank)


def spendable_of(budget_minor: int) -> int:
    """What the chosen may cost together: the budget without the part for counter-offers."""
    return budget_minor * (100 - COUNTER_OFFER_PERCENT) // 100


def _programme(
    ranked: Sequence[Option],
    places: int,
    spendable_minor: int,
    limits: Sequence[Limit],
    held: Sequence[Traits],
    pinned: Collection[str] = frozenset(),
) -> Programme:
    count = len(ranked)
    fees = {number: option.fee_minor for number, option in enumerate(ranked) if option.fee_minor}
    everybody = (*(option.traits for option in ranked), *held)
    too_dear = {number: 0 for number, fee in fees.items() if fee > spendable_minor}
    put_in = {number: 1 for number, option in enumerate(ranked) if option.creator_id in pinned}
    return Programme(
        gains=(*(option.expected for option in ranked), *(0 for _ in held)),
        rows=(
            Row(BUDGET, fees, at_most=spendable_minor),
            Row(WANTED, dict.fromkeys(range(count), 1), at_most=places),
            *(limit.row(everybody) for limit in limits),
        ),
        yes_or_no=len(everybody),
        fixed={**too_dear, **put_in, **dict.fromkeys(range(count, len(everybody)), 1)},
    )


def _best(
    programme: Programme, limits: Sequence[Limit], solver: Solver
) -> tuple[Programme, Proven]:
    """The best set; with limits as much wider as it takes if no set keeps them all.

    Raises:
        Unsolved: the solver gave up, or not even that is enough.
    """
    proven = maximise(programme, solver)
    if proven is None:
        programme = _give_way(programme, limits, solver)
        proven = maximise(programme, solver)
    if proven is None:
        raise Unsolved("no set keeps even the loosened limits")
    return programme, proven


def _give_way(programme: Programme, limits: Sequence[Limit], solver: Solver) -> Programme:
    """The programme with limits as much wider as it takes; one person counts 100 everywhere."""
    penalties = {limit.path: 1 if limit.percent else 100 for limit in limits}
    penalties |= {limit.path: MUST_HAVE_PENALTY for limit in limits if limit.quota is None}
    found = least_slack(programme, penalties, solver)
    return programme if found is None else loosened(programme, found[0])


def _unmet(
    chosen: Sequence[Option], limits: Sequence[Limit], held: Sequence[Traits]
) -> tuple[Unmet, ...]:
    traits = (*(option.traits for option in chosen), *held)
    reached = ((limit, limit.reached(traits)) for limit in limits)
    return tuple(
        Unmet(limit.path, limit.says, amount)
        for limit, amount in reached
        if (amount < limit.amount if limit.least else amount > limit.amount)
    )


def _filled(
    programme: Programme, ranked: Sequence[Option], taken: frozenset[int]
) -> frozenset[int]:
    """Those who are expected to bring nothing change no sum, but a free place may be theirs."""
    totals = [
        sum(weight for column, weight in row.terms.items() if column in taken)
        for row in programme.rows
    ]
    more: set[int] = set()
    for number in range(len(ranked)):
        if number in taken or number in programme.fixed:
            continue
        after = [
            total + row.terms.get(number, 0)
            for total, row in zip(totals, programme.rows, strict=True)
        ]
        if all(
            (row.at_most is None or total <= row.at_most)
            and (row.at_least is None or total >= row.at_least)
            for total, row in zip(after, programme.rows, strict=True)
        ):
            totals = after
            more.add(number)
    return taken | more


def _rank(option: Option) -> tuple[float, int, str]:
    return (-option.value_for_money, -option.expected, option.creator_id)
