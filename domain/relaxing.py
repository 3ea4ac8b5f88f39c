"""Limits that cannot all be kept: which of them to loosen, and by how much."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from domain.programme import Programme, Proven, Row, Solver, maximise


def least_slack(
    programme: Programme, penalties: Mapping[str, int], solver: Solver
) -> tuple[dict[str, int], Proven] | None:
    """By how much rows must give way so that all can be kept, as little as possible.

    Args:
        programme: Whose gains do not count here.
        penalties: Names of the rows that may give way, and what one unit of it costs.
        solver: Solves it.

    Returns:
        The units by which each of the rows gives way, and a set that keeps the rest; ``None`` if
        it is not enough that these rows give way.
    """
    columns = len(programme.gains)
    rows: list[Row] = []
    slack: list[str] = []
    for row in programme.rows:
        if row.name in penalties:
            sign = 1 if row.at_least is not None else -1
            row = replace(row, terms={**row.terms, columns + len(slack): sign})
            slack.append(row.name)
        rows.append(row)
    gains = (0,) * columns + tuple(-penalties[name] for name in slack)
    found = maximise(replace(programme, gains=gains, rows=tuple(rows)), solver)
    if found is None:
        return None
    loose = {row.name: _missing(row, found.taken) for row in programme.rows}
    return {name: loose[name] for name in slack}, found


def _missing(row: Row, taken: frozenset[int]) -> int:
    """By how much a set misses a row."""
    total = sum(weight for column, weight in row.terms.items() if column in taken)
    above = total - row.at_most if row.at_most is not None else 0
    below = row.at_least - total if row.at_least is not None else 0
    return max(0, above, below)


def loosened(programme: Programme, slack: Mapping[str, int]) -> Programme:
    """The programme with rows wider by so many units."""
    return replace(
        programme,
        rows=tuple(
            replace(
                row,
                at_least=None if row.at_least is None else row.at_least - slack.get(row.name, 0),
                at_most=None if row.at_most is None else row.at_most + slack.get(row.name, 0),
            )
            for row in programme.rows
        ),
    )


def whole_budget(spend_minor: int, kept_percent: int) -> int:
    """The budget of which ``spend_minor`` is left when a share is kept back, rounded up."""
    return math.ceil(spend_minor * 100 / (100 - kept_percent))
