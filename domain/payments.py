"""What the payment provider tells of the money that it has moved."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from domain.lifecycle import BankStatus

REPAYMENT = "repayment"
"""Kind of a payment of what was paid once and then taken back at the provider."""


KILL_FEE = "kill_fee"
"""Kind of a payment for work begun, when the brand stopped it."""


BONUS = "bonus"
"""Kind of a payment that was granted by a person, beyond the fee."""


class RailFunds(NamedTuple):
    """Money of the brand at the provider in one currency, in its smallest unit."""

    available: int
    """What can be paid out; below zero if the provider is owed something."""
    reserved: int = 0
    """Held back for creators' accounts that are below zero: it cannot be used."""


class RailTransfer(BaseModel):
    """A transfer in the provider's own list."""

    model_config = ConfigDict(frozen=True)

    id: str
    account_id: str
    amount_minor: int
    reversed_minor: int = 0
    currency: str
    """In capitals, as everywhere in Troupe."""
    transfer_group: str = ""
    """The payout's id."""
    attempt: str = ""
    """Number of the attempt, as text; empty if the transfer is not one of ours."""
    created_at: datetime

    @property
    def counts(self) -> bool:
        """True if money of it is still with the creator."""
        return self.reversed_minor < self.amount_minor


class Credited(BaseModel):
    """What of a transfer arrived in the creator's account, in a currency of that account."""

    model_config = ConfigDict(frozen=True)

    amount_minor: int
    currency: str
    """In capitals."""


class BankPayout(BaseModel):
    """The provider has sent what was in a creator's account to the bank, or tried to."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: BankStatus | None
    """None: on its way, nothing is known yet."""
    canceled: bool = False
    """It never left the provider."""
    code: str = ""
    """Why it failed, as the provider says."""
    transfers: tuple[str, ...] = ()
    """Our transfers whose money is in it."""
    earlier: tuple[str, ...] = ()
    """Failed ones whose money is in it."""
