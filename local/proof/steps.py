"""Every place at which a payment can be interrupted, and what must be true there."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum, StrEnum

from domain.lifecycle import BankStatus


class Part(StrEnum):
    """What goes wrong: who gets `kill -9`, or how Stripe behaves while nobody dies."""

    WORKERS = "kill workers"
    BOTH = "kill both"
    STRIPE = "kill Stripe"
    CALLS = "calls fail"
    HELD = "refused"
    NEWS = "webhooks"
    KEY = "401 mid-run"


class Step(Enum):
    """Where a payment stands when something is killed, or what it meets.

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
    SLOW_BEFORE = ("too slow before it booked", None)
    SLOW_AFTER = ("too slow after it booked", None)
    EMPTY = ("an empty balance", None)
    RESTRICTED = ("a restricted account", None)
    SENT_BACK = ("payout failed after paid", None)
    DOUBLED = ("doubled, before the answer", None)
    REORDERED = ("reordered, before the answer", None)
    DELAYED = ("delayed", None)
    LOST = ("lost", None)
    FORGED = ("forged", None)
    KEY_CALL = ("to its call", None)
    KEY_WAITS = ("to somebody else's call", None)
    KEY_BOOKED = ("after it booked", None)
    KEY_DOUBT = ("to its look-up", None)
    KEY_NEWS = ("to what its webhook reads", None)

    def __init__(self, words: str, progress: int | None) -> None:
        self.words = words
        self.progress = progress


IN_THE_CALL = {Step.CALLED: "slow", Step.BOOKED: "slow_after"}
"""Steps at which the stand-in is made to wait, and how; at the others, the worker stands still."""

PATIENCE_SECONDS = 9.0
"""So long the client waits for one try; three seconds longer in production."""
TOO_SLOW_SECONDS = 10.0

FAULTS = {
    Step.BUSY: ("429", 2),
    Step.LOCKED: ("lock_timeout", 4),
    Step.IN_USE: ("409", 4),
    Step.CUT_BEFORE: ("drop_before", 1),
    Step.CUT_AFTER: ("drop_after", 1),
    Step.BROKEN_BEFORE: ("500_before", 1),
    Step.BROKEN_AFTER: ("500_after", 1),
    Step.SLOW_BEFORE: ("slow", 1),
    Step.SLOW_AFTER: ("slow_after", 1),
}
"""What the stand-in does to the calls of one payment, and how often; 500 is kept under the key."""

SENT_BACK_BY_BANK = (
    Step.SENT_BACK, Step.DOUBLED, Step.REORDERED, Step.DELAYED, Step.LOST, Step.KEY_NEWS,
)  # fmt: skip
"""Paid out to the creator's bank and sent back by it: finance has to find that in its inbox."""

OWN_ACCOUNT = frozenset(
    {
        Step.EMPTY, Step.RESTRICTED, Step.FORGED, *SENT_BACK_BY_BANK,
        Step.ROW, Step.CALLED, Step.BOOKED, Step.ANSWERED, Step.ANY_MOMENT, Step.AWAY,
        Step.SLOW_BEFORE, Step.SLOW_AFTER, Step.KEY_CALL, Step.KEY_WAITS, Step.KEY_BOOKED,
        Step.KEY_DOUBT,
    }
)  # fmt: skip
"""Something happens to the whole account, or its call stays open, for which the others of the
account would wait: it is that of no other payment."""

_RANDOM = 3

PLAN: dict[Part, tuple[Step, ...]] = {
    Part.WORKERS: (
        Step.NOT_BEGUN, Step.IN_TRANSIT, Step.NO_ROW, Step.ROW, Step.CALLED, Step.BOOKED,
        Step.ANSWERED, Step.WRITTEN, Step.NOT_POSTED, Step.POSTED,
    ),
    Part.BOTH: (
        Step.NO_ROW, Step.ROW, Step.CALLED, Step.BOOKED, Step.ANSWERED, Step.WRITTEN,
        *[Step.ANY_MOMENT] * _RANDOM,
    ),
    Part.STRIPE: (Step.CALLED, Step.BOOKED, Step.AWAY),
    Part.CALLS: tuple(FAULTS),
    Part.HELD: (Step.EMPTY, Step.RESTRICTED),
    Part.NEWS: (
        Step.SENT_BACK, Step.DOUBLED, Step.REORDERED, Step.DELAYED, Step.LOST, Step.FORGED,
    ),
    Part.KEY: (Step.KEY_CALL, Step.KEY_WAITS, Step.KEY_BOOKED, Step.KEY_DOUBT, Step.KEY_NEWS),
}  # fmt: skip
"""One payment for each; all of a row of the plan are under way together."""

OWING: dict[Part, tuple[Step, ...]] = {
    Part.WORKERS: (Step.NO_ROW, Step.ROW, Step.POSTED), Part.BOTH: (Step.ANSWERED,),
}  # fmt: skip
"""One payment more for each, whose creator owes something back: less is sent."""


@dataclass(frozen=True)
class Case:
    """One payment, with what happens to it."""

    number: int
    part: Part
    step: Step
    amount_minor: int
    owed_minor: int = 0
    """What the creator owes back, and the release keeps back of it."""

    @property
    def sent_minor(self) -> int:
        """What is sent."""
        return self.amount_minor - self.owed_minor

    @property
    def alone(self) -> bool:
        """True if it is the only payment of its account."""
        return self.step in OWN_ACCOUNT or self.owed_minor > 0

    @property
    def words(self) -> str:
        """Where it stands, in the words of the table."""
        return f"{self.step.words}, less" if self.owed_minor else self.step.words

    @property
    def currency(self) -> str:
        """A balance is empty in one currency; nobody else is paid in that one."""
        return "GBP" if self.step is Step.EMPTY else "EUR"

    @property
    def bank(self) -> BankStatus | None:
        """What the creator's bank has said at the end."""
        return BankStatus.FAILED if self.step in SENT_BACK_BY_BANK else None


def cases(dice: random.Random) -> list[Case]:
    """The whole plan; the dice decide amounts and the order in which payments are released."""
    wanted = [
        (part, step, owes)
        for plan, owes in ((PLAN, False), (OWING, True))
        for part, steps in plan.items()
        for step in steps
    ]
    dice.shuffle(wanted)
    found = []
    for number, (part, step, owes) in enumerate(wanted, start=1):
        amount = dice.randrange(1_00, 900_00)
        found.append(Case(number, part, step, amount, amount // 3 if owes else 0))
    return found
