"""Choosing as a linear programme, and how a large one is made small without losing the best.

A programme has yes-or-no columns (a candidate is taken or not), perhaps amounts behind them, and
rows that limit weighted sums. Whoever solves it stands behind the port `Solver`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from domain.errors import TroupeError

FIRST_LOOK = 60
"""Columns that are searched at first; most programmes are proven on them or soon after."""

GROWTH = 4

GAP = 1e-4
"""A proof is good enough when at most so much of the value could be missing. Whole values below
10,000 are therefore exact: less than 1 missing is nothing missing."""

MAX_MENDS = 5


class Unsolved(TroupeError):
    """The solver gave up, or its answer does not keep the rows."""

    code = "unsolved"


@dataclass(frozen=True)
class Row:
    """A limit on a weighted sum of columns. ``None`` is no limit on that side."""

    name: str
    terms: Mapping[int, int]
    """Column to weight."""
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True)
class Programme:
    """Maximise the gains of the columns within the rows.

    The first ``yes_or_no`` columns are whole and 0 or 1; those behind them are amounts, 0 and more.
    """

    gains: tuple[int, ...]
    rows: tuple[Row, ...]
    yes_or_no: int
    fixed: Mapping[int, int] = field(default_factory=dict)
    """Columns whose answer is given."""
    most: Mapping[int, int] = field(default_factory=dict)
    """Amounts that have an upper limit."""

    @property
    def is_integral(self) -> bool:
        """True if every answer's value is a whole number, so that less than 1 missing is none."""
        return self.yes_or_no == len(self.gains)

    def broken(self, taken: Iterable[int]) -> tuple[Row, int] | None:
        """A row among those without amounts that the taken columns break, and by how much."""
        inside = set(taken)
        for row in self.rows:
            if any(column >= self.yes_or_no for column in row.terms):
                continue
            total = sum(weight for column, weight in row.terms.items() if column in inside)
            if row.at_most is not None and total > row.at_most:
                return row, total - row.at_most
            if row.at_least is not None and total < row.at_least:
                return row, row.at_least - total
        return None

    def tightened(self, name: str, by: int) -> Programme:
        """The programme with the rows of a name narrower on each side."""
        return replace(
            self,
            rows=tuple(
                replace(
                    row,
                    at_least=None if row.at_least is None else row.at_least + by,
                    at_most=None if row.at_most is None else row.at_most - by,
                )
                if row.name == name
                else row
                for row in self.rows
            ),
        )


@dataclass(frozen=True)
class Relaxed:
    """The best answer if candidates could be taken in part: no whole answer is better."""

    value: float
    answer: tuple[float, ...]
    margins: tuple[float, ...]
    """For each column what taking more of it would bring, after the price of what it uses up."""
    prices: tuple[float, ...]
    """For each row what one unit more of its limit would bring."""


@dataclass(frozen=True)
class Found:
    """A whole answer, and what no answer can exceed."""

    value: float
    answer: tuple[float, ...]
    bound: float


class Solver(Protocol):
    """Solves programmes, each time in the same way."""

    @property
    def name(self) -> str:
        """Product and version."""
        ...

    def relax(self, programme: Programme) -> Relaxed | None:
        """Solve with parts allowed; ``None`` if nothing keeps the rows."""
        ...

    def search(self, programme: Programme, gap: float) -> Found | None:
        """Solve with whole columns, to within a share of the value; ``None`` if nothing fits."""
        ...


@dataclass(frozen=True)
class Proven:
    """The answer with its proof."""

    taken: frozenset[int]
    """The yes-or-no columns that are taken."""
    value: float
    bound: float
    """No answer brings more."""
    relaxed: Relaxed
    searched: int
    """Columns that had to be searched; for all others prices prove their place."""

    @property
    def gap(self) -> float:
        """The share of the value that might be missing; 0 is the proven best."""
        return max(0.0, self.bound - self.value) / max(abs(self.value), 1.0)


def maximise(programme: Programme, solver: Solver) -> Proven | None:
    """The best answer, with proof; ``None`` if no answer keeps the rows.

    Raises:
        Unsolved: the solver gave up.
    """
    if not programme.gains and programme.broken(()):
        return None
    bound: float | None = None
    narrower = programme
    for _ in range(MAX_MENDS):
        proven = _maximise(narrower, solver)
        if proven is None and bound is None:
            return None
        if proven is None:
            break
        bound = proven.bound if bound is None else bound
        # The solver reckons in floating point; a row missed by a hair is drawn tighter.
        broken = programme.broken(proven.taken)
        if broken is None:
            return replace(proven, bound=bound)
        narrower = narrower.tightened(broken[0].name, broken[1])
    raise Unsolved("the solver's answers do not keep the limits")


def _maximise(programme: Programme, solver: Solver) -> Proven | None:
    """Search few columns; what the others could add at most is known from the relaxed answer."""
    relaxed = solver.relax(programme)
    if relaxed is None:
        return None
    order = sorted(
        (column for column in range(programme.yes_or_no) if column not in programme.fixed),
        key=lambda column: (
            abs(relaxed.margins[column]),
            _is_whole(relaxed.answer[column]),
            column,
        ),
    )
    size = min(FIRST_LOOK, len(order))
    while True:
        outside = order[size:]
        settled = {column: round(relaxed.answer[column]) for column in outside}
        small = replace(programme, fixed={**programme.fixed, **settled})
        found = solver.search(small, GAP / 2)
        if found is None:
            if not outside:
                return None
            size = min(size * GROWTH, len(order))
            continue
        beyond = relaxed.value - abs(relaxed.margins[outside[0]]) if outside else found.bound
        bound = _whole(max(found.value, found.bound, beyond), programme)
        if bound - found.value <= GAP * abs(found.value) or not outside:
            taken = (c for c in range(programme.yes_or_no) if found.answer[c] > 0.5)
            return Proven(frozenset(taken), found.value, bound, relaxed, size)
        room = relaxed.value - found.value + _noise(relaxed.value)
        needed = sum(1 for column in order if abs(relaxed.margins[column]) <= room)
        size = min(max(needed, size + 1), len(order))


def _is_whole(part: float) -> bool:
    return abs(part - round(part)) < 1e-9


def _whole(bound: float, programme: Programme) -> float:
    """A bound on whole values is a whole number."""
    return float(int(bound + _noise(bound))) if programme.is_integral else bound


def _noise(value: float) -> float:
    """What floating point may be off by."""
    return 1e-9 * max(1.0, abs(value)) + 1e-6
