"""Releasing several payments at once: which are the same decision, and what was shown of each."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.lifecycle import PayoutStatus

LARGEST = 50
"""Payments in one batch: as many as a person can read on one page before saying yes."""

TURNS = ("1/1", "1/2", "2/2")
"""Which release is asked for, of how many."""

FINE_CHECKS = frozenset({"", "ok"})
"""States of the last look at the post with which nothing more is to be looked at; empty: none."""

_GONE_ON = frozenset(
    {
        PayoutStatus.RELEASED,
        PayoutStatus.SENDING,
        PayoutStatus.IN_DOUBT,
        PayoutStatus.TRANSFERRED,
        PayoutStatus.NETTED,
        PayoutStatus.ELSEWHERE,
    }
)


@dataclass(frozen=True, order=True)
class Risk:
    """What has to be the same for payments to be one decision."""

    campaign_id: str
    turn: str
    """One of `TURNS`."""
    ready: bool
    """True if the payees can be paid now; otherwise it is sent when they can."""

    @property
    def key(self) -> str:
        """The group in an address."""
        return (
            f"{self.campaign_id}.{self.turn.replace('/', '-')}.{'ready' if self.ready else 'later'}"
        )


@dataclass(frozen=True)
class Releasable:
    """What is known of a payment when somebody is about to release it."""

    payout_id: str
    campaign_id: str
    amount_minor: int
    currency: str
    status: str
    item_id: str
    """The open question; empty if nobody is asked."""
    seen: str
    """What the question shows, for the payment's workflow."""
    turn: str
    account_id: str
    """The account that would be paid; empty if there is none."""
    payee: str
    """State of that account; empty if there is none."""
    check: str
    """State of the last look at the post; empty if there was none."""
    hold: str
    """Why it is released anew; empty if it is the first time."""
    obstacle: str
    """Why it is somebody else's to release; empty if it is this person's."""
    granted: bool = False
    """A bonus: somebody gave it by hand, so somebody else looks at it by itself."""
    netted_minor: int = 0
    """What is kept back of it for what the creator owes: to be looked at by itself."""
    by_hand: bool = False
    """The account was sent money by hand that nobody has explained: it may be paid already."""
    new_account: bool = False
    """The account is younger than the creator's last payment: perhaps it is not theirs."""

    @property
    def risk(self) -> Risk:
        """The group that it may be released with."""
        return Risk(self.campaign_id, self.turn, self.payee == "active")

    @property
    def sent_minor(self) -> int:
        """What is sent: what was earned less what is kept back."""
        return self.amount_minor - self.netted_minor

    @property
    def cautions(self) -> tuple[str, ...]:
        """What has to be looked at before this one is released, as codes."""
        found = {
            "bonus": self.granted,
            "kept_back": self.netted_minor > 0,
            "by_hand": self.by_hand,
            "new_account": self.new_account,
            "post": self.check not in FINE_CHECKS,
            "anew": bool(self.hold),
        }
        return tuple(code for code, there in found.items() if there)

    @property
    def alone(self) -> bool:
        """True if it has to be looked at by itself."""
        return bool(self.cautions) or self.turn not in TURNS

    @property
    def open(self) -> bool:
        """True if this person may release it now."""
        return bool(self.item_id) and not self.obstacle

    @property
    def shown(self) -> str:
        """Digest of what a person is shown of it; another one means: look again."""
        parts = [
            self.payout_id, self.amount_minor, self.currency, self.item_id, self.seen, self.turn,
            self.account_id, self.payee, self.check, self.hold, self.netted_minor, self.by_hand,
            self.new_account,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def door(payment: Releasable, shown: str, *, by_itself: bool = False) -> str:
    """Why a release is not even recorded as asked for; empty if it may go to its workflow.

    Args:
        payment: as it is now.
        shown: digest of what the person was shown of it.
        by_itself: the person looked at this one only.
    """
    if not payment.item_id:
        return _not_asked(payment.status)
    if payment.obstacle:
        return payment.obstacle
    if shown != payment.shown:
        return "stale"
    return "look_alone" if payment.alone and not by_itself else ""


def _not_asked(status: str) -> str:
    if status in _GONE_ON:
        return "already_released"
    return "already_on_hold" if status == PayoutStatus.HELD else "wrong_stage"


def mixed(chosen: Iterable[tuple[Releasable, str]]) -> bool:
    """True if payments are not one decision: of what is still as it was shown, risks differ.

    What has changed since does not count: it is refused by itself, and the others go.
    """
    return len({one.risk for one, shown in chosen if one.open and one.shown == shown}) > 1


def sums(payments: Iterable[Releasable]) -> dict[str, int]:
    """What payments come to, by currency, in its smallest unit."""
    total: Counter[str] = Counter()
    for one in payments:
        total[one.currency] += one.amount_minor
    return dict(sorted(total.items()))


def groups(payments: Sequence[Releasable]) -> dict[Risk, list[Releasable]]:
    """What this person may release together, by risk; the order within a group stays."""
    found: dict[Risk, list[Releasable]] = {}
    for one in payments:
        if one.open and not one.alone:
            found.setdefault(one.risk, []).append(one)
    return found


def became(status: str, turn: str, payout_status: str, hold: str = "") -> str:
    """What became of one release of a batch, by what is there now.

    Args:
        status: of the decision: ``submitted``, ``applied`` or ``refused``.
        turn: of the question that it answered.
        payout_status: of the payment.
        hold: why the payment is on hold, or is released anew.

    Returns:
        ``submitted``, ``refused``, ``second`` (a second person has to), ``held``, ``anew`` (it
        has to be released once more) or ``released``.
    """
    if status != "applied":
        return status
    if payout_status == PayoutStatus.HELD:
        return "held"
    if hold and payout_status == PayoutStatus.REQUESTED:
        return "anew"
    return "second" if turn == "1/2" and payout_status not in _GONE_ON else "released"
