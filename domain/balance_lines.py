"""Lines of the brand's balance at the provider: what each is, and whether somebody must look at it.

Pure rules. A line is explained by a payment that we know, by what a person at the brand did with
the balance (a top-up), by a fee, or by business of the brand that Troupe has no part in. All else
is a matter for finance. Types: docs.stripe.com/reports/balance-transaction-types.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.account_matters import MatterCode
from domain.ids import PAYOUT


class BalanceLine(BaseModel):
    """One change of the balance, as the provider lists it."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    currency: str
    """In capitals."""
    amount_minor: int
    """What came in (or went out, below zero) before the fee."""
    fee_minor: int = 0
    """What the provider took from it."""
    source_id: str = ""
    """What caused it."""
    transfer_id: str = ""
    """The transfer that it is or that it takes back."""
    transfer_group: str = ""
    by_itself: bool = False
    """True of a payout that nobody asked for."""
    created_at: datetime


class Explanation(StrEnum):
    """What a line is, if nobody has to look at it."""

    PAYMENT = "payment"  # a transfer to a creator; amounts are compared by the comparison
    TAKEN_BACK = "taken_back"  # of such a transfer
    TOP_UP = "top_up"  # money that the brand sent
    OWN_BANK = "own_bank"  # sent to the brand's bank by hand, or back from there
    FEE = "fee"  # the provider's, booked in the ledger
    OWN_BUSINESS = "own_business"  # sales and transfers that are not Troupe's


class KnownTransfer(NamedTuple):
    """A transfer that our attempts made."""

    payout_id: str
    amount_minor: int
    currency: str


class Understood(NamedTuple):
    """What a line is: explained, or a matter."""

    meaning: Explanation | MatterCode
    payout_id: str = ""

    @property
    def matter(self) -> MatterCode | None:
        """What somebody has to look at."""
        return self.meaning if isinstance(self.meaning, MatterCode) else None


_FEES = frozenset({"stripe_fee", "stripe_fx_fee", "tax_fee"})
_BACK = frozenset({"transfer_refund", "transfer_cancel", "transfer_failure"})
_OWN_BUSINESS = frozenset(
    "application_fee application_fee_refund charge payment payment_failure_refund payment_refund "
    "payment_reversal refund refund_failure tax_fund".split()
)
"""What the brand sells by the same account."""

BANK_LINES = (
    "unknown_reference", "in_no_file", "another_amount", "opposite_of_before", "once_more",
)  # fmt: skip
"""Types of lines in a bank's files that do not fit the payments that they name."""

_PLAIN: dict[str, Explanation | MatterCode] = {
    **dict.fromkeys(BANK_LINES, MatterCode.BANK_SAID),
    "topup": Explanation.TOP_UP,
    "topup_reversal": MatterCode.TOP_UP_BACK,
    "connect_collection_transfer": MatterCode.COLLECTED,
    "payout_cancel": Explanation.OWN_BANK,
    "payout_failure": Explanation.OWN_BANK,
    "reserved_funds": MatterCode.RESERVE,
    "payment_network_reserve_hold": MatterCode.RESERVE,
    "payment_network_reserve_release": MatterCode.RESERVE,
    "payout_minimum_balance_hold": MatterCode.RESERVE,
    "payout_minimum_balance_release": MatterCode.RESERVE,
}


def understand(line: BalanceLine, known: Mapping[str, KnownTransfer]) -> Understood:
    """Say what a line is.

    Args:
        line: the line.
        known: transfers of our attempts, by id.
    """
    if line.type in _FEES:
        return Understood(Explanation.FEE)
    if line.type in _OWN_BUSINESS:
        return Understood(Explanation.OWN_BUSINESS)
    if line.type == "transfer" or line.type in _BACK:
        return _transfer(line, known.get(line.transfer_id))
    if line.type == "payout":
        return Understood(MatterCode.SWEPT if line.by_itself else Explanation.OWN_BANK)
    if line.type.startswith("reserve_"):
        return Understood(MatterCode.RESERVE)
    return Understood(_PLAIN.get(line.type, MatterCode.UNEXPLAINED))


def fee_of(line: BalanceLine, meaning: Explanation | MatterCode) -> int:
    """What the provider took for its service by this line; below zero if it gave something back.

    The fees of the brand's own sales are not Troupe's to book.
    """
    if meaning is Explanation.OWN_BUSINESS:
        return 0
    return line.fee_minor - (line.amount_minor if line.type in _FEES else 0)


def _transfer(line: BalanceLine, ours: KnownTransfer | None) -> Understood:
    if ours is None:
        # One in the name of a payment that we did not make is named by the comparison of payments.
        named = line.transfer_group.startswith(f"{PAYOUT}_")
        return Understood(Explanation.PAYMENT if named else Explanation.OWN_BUSINESS)
    if line.type in _BACK:
        fits = line.currency == ours.currency and 0 < line.amount_minor <= ours.amount_minor
        meaning = Explanation.TAKEN_BACK
    else:
        fits = (line.currency, -line.amount_minor) == (ours.currency, ours.amount_minor)
        meaning = Explanation.PAYMENT
    return Understood(meaning if fits else MatterCode.UNEXPLAINED, ours.payout_id)
