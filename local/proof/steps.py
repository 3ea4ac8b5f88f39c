"""Every place at which a payment can be interrupted, and what must be true there."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, StrEnum


class Killed(StrEnum):
    """What gets `kill -9`."""

    WORKERS = "workers"
    BOTH = "both"
    STRIPE = "Stripe"
    NOTHING = "nothing"
    """Nobody dies; Stripe answers as it does on a bad day."""


class Step(Enum):
    """Where a payment stands when something is killed.

    The number says how far it has come, counted in what is committed: money in transit, the
    attempt's row, booked at Stripe, the outcome on the row, posted as paid. None: wherever it is.
    """

    NOT_BEGUN = ("before the money is in transit", 0)
    IN_TRANSIT = ("after the money is in transit", 1)
    NO_ROW = ("before the attempt's row", 1)
    ROW = ("after the attempt's row", 2)
    CALLED = ("in the call, not booked yet", 2)
    BOOKED = ("in the call, booked already", 3)
    ANSWERED = ("after the answer", 3)
    WRITTEN = ("after the outcome is written", 4)
    NOT_POSTED = ("before the posting", 4)
    POSTED = ("after the posting", 5)
    ANY_MOMENT = ("at any moment", None)
    AWAY = ("while it cannot be reached", None)
    BUSY = ("429, twice", None)
    LOCKED = ("429 for a lock, four times", None)
    IN_USE = ("409, four times", None)
    CUT_BEFORE = ("cut off before it booked", None)
    CUT_AFTER = ("cut off after it booked", None)
    BROKEN_BEFORE = ("500 before it booked", None)
    BROKEN_AFTER = ("500 after it booked", None)

    def __init__(self, words: str, progress: int | None) -> None:
        self.words = words
        self.progress = progress


IN_THE_CALL = {Step.CALLED: "slow", Step.BOOKED: "slow_after"}
"""Steps at which the stand-in is made to wait, and how; at the others, the worker stands still."""

FAULTS = {
    Step.BUSY: ("429", 2),
    Step.LOCKED: ("lock_timeout", 4),
    Step.IN_USE: ("409", 4),
    Step.CUT_BEFORE: ("drop_before", 1),
    Step.CUT_AFTER: ("drop_after", 1),
    Step.BROKEN_BEFORE: ("500_before", 1),
    Step.BROKEN_AFTER: ("500_after", 1),
}
"""What the stand-in does to the calls of one payment, and how often; 500 is kept under the key."""

_RANDOM = 3

PLAN: dict[Killed, tuple[Step, ...]] = {
    Killed.WORKERS: (
        Step.NOT_BEGUN, Step.IN_TRANSIT, Step.NO_ROW, Step.ROW, Step.CALLED, Step.BOOKED,
        Step.ANSWERED, Step.WRITTEN, Step.NOT_POSTED, Step.POSTED,
    ),
    Killed.BOTH: (
        Step.NO_ROW, Step.ROW, Step.CALLED, Step.BOOKED, Step.ANSWERED, Step.WRITTEN,
        *[Step.ANY_MOMENT] * _RANDOM,
    ),
    Killed.STRIPE: (Step.CALLED, Step.BOOKED, Step.AWAY),
    Killed.NOTHING: tuple(FAULTS),
}  # fmt: skip
"""One payment for each; all of a row of the plan are under way together."""


@dataclass(frozen=True)
class Case:
    """One payment, with the place at which it is interrupted."""

    number: int
    killed: Killed
    step: Step
    amount_minor: int


def cases(dice: random.Random) -> list[Case]:
    """The whole plan; the dice decide amounts and the order in which payments are released."""
    wanted = [(killed, step) for killed, steps in PLAN.items() for step in steps]
    dice.shuffle(wanted)
    return [
        Case(number, killed, step, dice.randrange(1_00, 900_00))
        for number, (killed, step) in enumerate(wanted, start=1)
    ]
