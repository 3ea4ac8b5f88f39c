"""The ledger's accounts, what moves between them, and their sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.messages import PostingKind

FUNDING, AVAILABLE, RESERVED = "funding", "available", "reserved"
PAYABLE, IN_TRANSIT, PAID = "payable", "in_transit", "paid"
RECEIVABLE, CLAIMED, RECOVERED = "creator_receivable", "claimed", "recovered"
PROVIDER_FEES, CHARGED = "provider_fees", "charged"
"""Of no campaign: what the provider takes for its service, and what has left our balance there."""

MOVEMENTS: dict[PostingKind, tuple[str, str]] = {
    PostingKind.FUND: (FUNDING, AVAILABLE),
    PostingKind.RESERVE: (AVAILABLE, RESERVED),
    PostingKind.EARN: (RESERVED, PAYABLE),
    PostingKind.SEND: (PAYABLE, IN_TRANSIT),
    PostingKind.SETTLE: (IN_TRANSIT, PAID),
    PostingKind.RETURN: (IN_TRANSIT, PAYABLE),
    PostingKind.FREE: (RESERVED, AVAILABLE),
    PostingKind.TAKE_BACK: (PAID, PAYABLE),
    PostingKind.FORFEIT: (PAYABLE, AVAILABLE),
    PostingKind.CLAIM: (RECEIVABLE, CLAIMED),
    PostingKind.DISCHARGE: (CLAIMED, RECEIVABLE),
    PostingKind.LIFT: (CLAIMED, RECEIVABLE),
    PostingKind.ELSEWHERE: (PAYABLE, PAID),
    PostingKind.NET: (PAYABLE, PAID),
    PostingKind.RECOVER: (RECOVERED, AVAILABLE),
    PostingKind.FEE: (PROVIDER_FEES, CHARGED),
    PostingKind.FEE_BACK: (CHARGED, PROVIDER_FEES),
}
"""From which account to which."""

OF_A_CREATOR = frozenset({PAYABLE, IN_TRANSIT, PAID, RECEIVABLE, CLAIMED, RECOVERED})
"""Accounts that each creator has for herself: one creator's money never pays another."""

CONTRA = frozenset({FUNDING, RECEIVABLE, RECOVERED, PROVIDER_FEES})
"""Where money comes from, or is to come from, and what it costs to move it: counted as debit, and
free to grow."""

UNGUARDED = CONTRA | {CHARGED}
"""Accounts that may be below zero: nobody spends from them."""

_OF_ALL = frozenset({PROVIDER_FEES, CHARGED})
"""Accounts that belong to no campaign."""


@dataclass(frozen=True)
class Balances:
    """A campaign's money, or a creator's, in the smallest unit of one currency."""

    currency: str = ""
    funding: int = 0
    available: int = 0
    reserved: int = 0
    payable: int = 0
    in_transit: int = 0
    paid: int = 0
    """Sent, paid another way, or kept back for what the creator owed."""
    creator_receivable: int = 0
    """What creators owe back, and is still open."""
    claimed: int = 0
    """The other side of it: no claim is settled for more than it is."""
    recovered: int = 0
    """What has come back of what was paid: ``paid`` less this is the campaign's cost."""

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, Decimal | int]]) -> Balances:
        """From rows of account, currency and sum; a campaign has one currency."""
        return next(iter(cls.by_currency(rows)), cls())

    @classmethod
    def by_currency(cls, rows: Iterable[tuple[str, str, Decimal | int]]) -> tuple[Balances, ...]:
        """From rows of account, currency and sum; a creator may have several currencies."""
        found: dict[str, dict[str, int]] = {}
        for name, currency, total in rows:
            if name not in _OF_ALL:
                found.setdefault(currency, {})[name] = int(total)
        return tuple(cls(currency=currency, **found[currency]) for currency in sorted(found))
