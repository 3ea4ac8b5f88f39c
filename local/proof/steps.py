"""Every place at which a payment can be interrupted, and what must be true there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum

from domain.lifecycle import BankStatus, PayoutStatus


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
    CALLED = ("in the call, not booked", 2)
    BOOKED = ("in the call, booked", 3)
    ANSWERED = ("after the answer", 3)
    WRITTEN = ("after the outcome is written", 4)
    NOT_POSTED = ("before the posting", 4)
    POSTED = ("after the posting", 5)
    DONE = ("all is posted", 5)
    ASKS = ("before our books are asked", 4)
    GOES = ("goes along", None)
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
    SILENT_BEFORE = ("no answer, not booked", None)
    SILENT_AFTER = ("no answer, booked", None)
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
ALL_TRIES = 3
"""The client's own tries of one call."""

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
    Step.SILENT_BEFORE: ("drop_before", ALL_TRIES),
    Step.SILENT_AFTER: ("drop_after", ALL_TRIES),
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
    Part.CALLS: (
        Step.BUSY, Step.LOCKED, Step.IN_USE, Step.CUT_BEFORE, Step.CUT_AFTER, Step.BROKEN_BEFORE,
        Step.BROKEN_AFTER, Step.SLOW_BEFORE, Step.SLOW_AFTER,
    ),
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


class End(StrEnum):
    """How a payment is to end, in the words of the table."""

    SENT = "sent"
    ALONG = "along"
    NETTED = "netted"
    ELSEWHERE = "elsewhere"


_STATUS = {
    End.SENT: PayoutStatus.TRANSFERRED, End.ALONG: PayoutStatus.TRANSFERRED,
    End.NETTED: PayoutStatus.NETTED, End.ELSEWHERE: PayoutStatus.ELSEWHERE,
}  # fmt: skip

TAKING: dict[Part, tuple[Step, ...]] = {
    Part.WORKERS: (Step.NO_ROW, Step.ROW, Step.NOT_POSTED),
    Part.BOTH: (Step.CALLED, Step.BOOKED, Step.ANSWERED),
    Part.STRIPE: (Step.BOOKED,),
    Part.CALLS: (Step.SILENT_BEFORE, Step.SILENT_AFTER, Step.BROKEN_BEFORE),
}  # fmt: skip
"""Where payments stand that take another one along, which is too small to be sent alone."""

GOING: dict[Part, tuple[Step, ...]] = {
    Part.WORKERS: (Step.NOT_POSTED,), Part.BOTH: (Step.ASKS,),
}  # fmt: skip
"""Where the one stands that is taken along; the other one's transfer is posted by then."""

UNSENT: dict[Part, tuple[tuple[End, Step], ...]] = {
    Part.WORKERS: (
        (End.NETTED, Step.NOT_POSTED), (End.NETTED, Step.POSTED), (End.ELSEWHERE, Step.NOT_POSTED),
    ),
}  # fmt: skip
"""Where payments stand of which nothing is sent. What is paid another way was too small to be
sent; another payment to its account is sent meanwhile, and must not take it along."""

MINIMUM_MINOR = 10_00
"""Below it Stripe refuses a transfer to the accounts of payments that are too small."""


@dataclass(frozen=True)
class Case:
    """One payment, with what happens to it."""

    number: int
    part: Part
    step: Step
    amount_minor: int
    owed_minor: int = 0
    """What the creator owes back, and the release keeps back of it."""
    end: End = End.SENT
    along_minor: int = 0
    """What its transfer takes along of another payment."""
    other: Case | None = None
    """Of one that is too small: the payment that takes it along, or is not to do so."""

    @property
    def sent_minor(self) -> int:
        """What is sent."""
        return 0 if self.end is End.ELSEWHERE else self.amount_minor - self.owed_minor

    @property
    def transfer_minor(self) -> int:
        """The sum of the transfer that moves it, with all that this carries; zero without one."""
        if self.end is End.ALONG and self.other:
            return self.other.transfer_minor
        return self.sent_minor + self.along_minor

    @property
    def status(self) -> PayoutStatus:
        """What is to become of it."""
        return _STATUS[self.end]

    @property
    def small(self) -> bool:
        """True if it is too small to be sent alone."""
        return self.other is not None

    @property
    def lead(self) -> Case:
        """The payment beside which it is shown; itself, if it is not too small."""
        return self.other or self

    @property
    def alone(self) -> bool:
        """True if it is the only payment of its account, but for what goes along or may not."""
        return self.step in OWN_ACCOUNT or self.owed_minor > 0

    @property
    def progress(self) -> int | None:
        """How far it has to have come when something is killed; None: wherever it is.

        What goes along has come less far by one than what takes it: it is bound by that one's
        row, and stays at "written" until it is told.
        """
        if self.step is Step.GOES and self.other and self.other.progress is not None:
            return max(self.other.progress - 1, 0)
        return self.step.progress

    @property
    def words(self) -> str:
        """Where it stands, in the words of the table."""
        if self.step is Step.GOES:
            return self.step.words
        if self.end is End.SENT:
            less, more = self.owed_minor > 0, self.along_minor > 0
            return self.step.words + ", less" * less + ", more" * more
        return f"{self.step.words}, {self.end.value}"

    @property
    def currency(self) -> str:
        """A balance is empty in one currency; nobody else is paid in that one."""
        return "GBP" if self.step is Step.EMPTY else "EUR"

    @property
    def bank(self) -> BankStatus | None:
        """What the creator's bank has said at the end."""
        return BankStatus.FAILED if self.step in SENT_BACK_BY_BANK else None
