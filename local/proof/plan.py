"""Which payments are made for the proof, each with what happens to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from local.proof.steps import (
    GOING,
    MINIMUM_MINOR,
    OWING,
    PLAN,
    TAKING,
    UNSENT,
    Case,
    End,
    Part,
    Step,
)

T = TypeVar("T")
FEW = 4
"""Of what is shared or not sent, so much is tried with the tests."""

Make = Callable[[int], list[Case]]
"""Makes payments that belong together, numbered from a number on."""


def cases(dice: random.Random) -> list[Case]:
    """The whole plan; the dice decide amounts and the order in which payments are released."""
    wanted = [
        *(_sent(dice, part, step) for part, step in _each(PLAN)),
        *(_sent(dice, part, step, owes=True) for part, step in _each(OWING)),
        *(_shared(dice, part, step, Step.GOES) for part, step in _each(TAKING)),
        *(_shared(dice, part, Step.DONE, step) for part, step in _each(GOING)),
        *(_unsent(dice, part, end, step) for part, (end, step) in _each(UNSENT)),
    ]
    dice.shuffle(wanted)
    found: list[Case] = []
    for make in wanted:
        found += make(len(found) + 1)
    return found


def a_few(plan: Sequence[Case], seed: int) -> list[Case]:
    """Leave out most of what is shared or not sent: the seed draws which, so that all have a turn.

    Amounts, order and moments of the others are as in the whole plan.
    """
    more = [case.lead for case in plan if case.small or case.end is End.NETTED]
    kept = random.Random(seed).sample(more, FEW)
    return [case for case in plan if case.lead not in more or case.lead in kept]


def _each(plan: Mapping[Part, Sequence[T]]) -> Iterator[tuple[Part, T]]:
    return ((part, step) for part, steps in plan.items() for step in steps)


def _sent(dice: random.Random, part: Part, step: Step, owes: bool = False) -> Make:
    """A payment by itself; of one whose creator owes something back, less is sent."""

    def make(number: int) -> list[Case]:
        amount = dice.randrange(1_00, 900_00)
        return [Case(number, part, step, amount, amount // 3 if owes else 0)]

    return make


def _shared(dice: random.Random, part: Part, takes: Step, goes: Step) -> Make:
    """A payment and what its transfer takes along."""

    def make(number: int) -> list[Case]:
        small = _small(dice)
        other = Case(number, part, takes, _enough(dice), along_minor=small)
        return [other, Case(number + 1, part, goes, small, end=End.ALONG, other=other)]

    return make


def _unsent(dice: random.Random, part: Part, end: End, step: Step) -> Make:
    """A payment of which nothing is sent."""

    def make(number: int) -> list[Case]:
        if end is End.NETTED:
            amount = _enough(dice)
            return [Case(number, part, step, amount, amount, end)]
        other = Case(number, part, Step.DONE, _enough(dice))
        return [other, Case(number + 1, part, step, _small(dice), end=end, other=other)]

    return make


def _small(dice: random.Random) -> int:
    return dice.randrange(1_00, MINIMUM_MINOR)


def _enough(dice: random.Random) -> int:
    return dice.randrange(MINIMUM_MINOR, 900_00)
