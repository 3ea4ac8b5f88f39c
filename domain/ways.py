"""Limits that cannot all be kept: each single change that would be enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.programme import Solver, maximise
from domain.quotas import Limit
from domain.relaxing import least_slack, whole_budget
from domain.shortlist import (
    BUDGET,
    COUNTER_OFFER_PERCENT,
    WANTED,
    Option,
    Way,
    programme_of,
    ranked_by_value,
    spendable_of,
)

PIN, STRIKE = "pin", "strike"
"""Paths of ways that take back what a person changed; `Way.says` is then the handle."""

TRIED = 20
"""So many pins and strikes are tried; who changes more than that knows what is in the way."""


@dataclass(frozen=True)
class Asked:
    """What cannot be had all together."""

    options: Sequence[Option]
    wanted: int
    budget_minor: int
    limits: Sequence[Limit]
    pinned: Mapping[str, Option]
    """By id; they are among the options."""
    struck: Sequence[Option] = ()
    """They are not among the options."""


def ways_out(
    options: Sequence[Option],
    wanted: int,
    budget_minor: int,
    solver: Solver,
    limits: Sequence[Limit],
    pinned: Sequence[str] = (),
    struck: Sequence[Option] = (),
) -> tuple[Way, ...]:
    """Each single change that is enough to keep all other limits, and how far it has to go.

    Raises:
        Unsolved: the solver gave up.
    """
    put_in = {option.creator_id: option for option in options if option.creator_id in set(pinned)}
    asked = Asked(options, wanted, budget_minor, limits, put_in, struck)
    return (*_by_wishes(asked, solver), *_by_limits(asked, solver))


def _by_limits(asked: Asked, solver: Solver) -> Iterator[Way]:
    ranked, limits = ranked_by_value(asked.options), asked.limits
    spendable = spendable_of(asked.budget_minor)
    programme = programme_of(ranked, asked.wanted, spendable, limits, asked.pinned)
    put_in = {column: answer for column, answer in programme.fixed.items() if answer}
    programme = replace(programme, fixed=put_in)
    for name, path, says in (
        (BUDGET, "budget.total", "the budget"),
        (WANTED, "creators.wanted", "the number wanted"),
        *((limit.path, limit.path, limit.says) for limit in limits),
    ):
        found = least_slack(programme, {name: 1}, solver)
        if found is None:
            continue
        slack, proven = found
        chosen = [option.traits for n, option in enumerate(ranked) if n in proven.taken]
        to = {
            BUDGET: whole_budget(spendable + slack[name], COUNTER_OFFER_PERCENT),
            WANTED: asked.wanted + slack[name],
            **{limit.path: limit.reached(chosen) for limit in limits},
        }[name]
        yield Way(path, says, to)


def _by_wishes(asked: Asked, solver: Solver) -> Iterator[Way]:
    """Each pin or strike without which all limits could be kept."""
    for option in list(asked.pinned.values())[:TRIED]:
        others = {key: each for key, each in asked.pinned.items() if each != option}
        if _can_be_had(replace(asked, pinned=others), solver):
            yield Way(PIN, option.traits.handle, 0)
    for option in asked.struck[:TRIED]:
        if _can_be_had(replace(asked, options=[*asked.options, option]), solver):
            yield Way(STRIKE, option.traits.handle, 0)


def _can_be_had(asked: Asked, solver: Solver) -> bool:
    spendable = spendable_of(asked.budget_minor)
    programme = programme_of(asked.options, asked.wanted, spendable, asked.limits, asked.pinned)
    return maximise(programme, solver) is not None
