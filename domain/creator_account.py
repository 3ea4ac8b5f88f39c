"""A creator's account as the creator knows it: what was earned, paid, and is still owed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from domain.ledger_causes import NOBODY, Cause, is_told
from domain.messages import PostingKind

_PAID = frozenset({PostingKind.SETTLE, PostingKind.ELSEWHERE})
_WITHHELD = frozenset({PostingKind.FORFEIT, PostingKind.CLAIM})
"""What was earned and is not to be kept. What a payment keeps back for a claim is the claim's."""


@dataclass(frozen=True)
class CreatorLine:
    """One movement of a creator's money."""

    at: datetime
    kind: PostingKind
    amount_minor: int
    currency: str
    campaign_id: str
    campaign: str
    collaboration_id: str
    payout_id: str
    milestone: str
    """What the payment is for; empty if the movement is about the fee as a whole."""
    invoice: str = ""
    """The number of the payment's invoice; empty if there was none."""
    vat_minor: int = 0
    """Value added tax in the amount, by the invoice."""
    asked: bool = False
    """True if the law of the brand's country asks for invoices."""
    credit_note: str = ""
    """The number of the credit note for what is withheld; empty if there was none."""
    cause: Cause = NOBODY
    """Who let it move, and why."""

    @property
    def told(self) -> str:
        """The reason, where the creator was given it; else empty."""
        return self.cause.because if is_told(self.kind, self.milestone, self.cause) else ""


@dataclass(frozen=True)
class AccountRow:
    """One change of what is owed."""

    line: CreatorLine
    earned_minor: int = 0
    paid_minor: int = 0
    """Negative if it was taken back, or if the creator has sent it to the brand."""
    withheld_minor: int = 0
    """Not owed, or claimed back; negative if a claim is not asked for any more."""
    kept_minor: int = 0
    """Kept back from this payment for what the creator owed: it is no less owed than before, since
    the claim was taken off what is owed already."""
    owed_minor: int = 0
    """Earned and neither paid nor withheld, after this row; negative: the creator owes it."""


@dataclass(frozen=True)
class Account:
    """All changes in one currency, oldest first."""

    currency: str
    rows: tuple[AccountRow, ...]

    @property
    def earned_minor(self) -> int:
        """Everything that was earned."""
        return sum(row.earned_minor for row in self.rows)

    @property
    def paid_minor(self) -> int:
        """Everything that was paid."""
        return sum(row.paid_minor for row in self.rows)

    @property
    def asked(self) -> bool:
        """True if it has to be said what is net and what is value added tax."""
        return any(row.paid_minor and (row.line.asked or row.line.invoice) for row in self.rows)

    @property
    def vat_minor(self) -> int:
        """Value added tax in what was paid, by the invoices."""
        return sum(
            row.line.vat_minor if row.paid_minor > 0 else -row.line.vat_minor
            for row in self.rows
            if row.paid_minor
        )

    @property
    def uninvoiced_minor(self) -> int:
        """What was paid without an invoice: only the gross is known of it."""
        return sum(row.paid_minor for row in self.rows if not row.line.invoice)

    @property
    def net_minor(self) -> int:
        """What was paid by invoices, without value added tax."""
        return self.paid_minor - self.vat_minor - self.uninvoiced_minor

    @property
    def kept_minor(self) -> int:
        """What payments have kept back."""
        return sum(row.kept_minor for row in self.rows)

    @property
    def owed_minor(self) -> int:
        """What is still owed at the end; negative: the creator owes it."""
        return self.rows[-1].owed_minor


def accounts(lines: Iterable[CreatorLine]) -> tuple[Account, ...]:
    """What is owed after each movement, by currency.

    What is agreed and not earned is no debt yet, and an attempt to pay changes nothing until it has
    gone through: reservations and attempts are left out.
    """
    found: dict[str, list[AccountRow]] = {}
    for line in lines:
        earned = line.amount_minor if line.kind is PostingKind.EARN else 0
        paid = line.amount_minor if line.kind in _PAID else 0
        if line.kind is PostingKind.TAKE_BACK:
            paid = -line.amount_minor
        if line.kind is PostingKind.RECOVER and not line.payout_id:
            paid = -line.amount_minor
        withheld = line.amount_minor if line.kind in _WITHHELD else 0
        if line.kind is PostingKind.LIFT:
            withheld = -line.amount_minor
        kept = line.amount_minor if line.kind is PostingKind.NET else 0
        if not (earned or paid or withheld or kept):
            continue
        rows = found.setdefault(line.currency, [])
        before = rows[-1].owed_minor if rows else 0
        owed = before + earned - paid - withheld
        rows.append(AccountRow(line, earned, paid, withheld, kept, owed))
    return tuple(Account(currency, tuple(rows)) for currency, rows in sorted(found.items()))
