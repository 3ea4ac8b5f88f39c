"""What Troupe needs of whoever moves the money: the port that a payment provider implements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from domain.balance_lines import BalanceLine
from domain.messages import TransferResult
from domain.payments import BankPayout, Credited, RailFunds, RailTransfer

RecipientStatus = Literal["pending", "active", "restricted", "paused"]
"""``paused``: by the brand itself at the provider; the creator can do nothing about it."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class Recipient(_Fact):
    """A creator's account at the provider, as the provider describes it now."""

    account_id: str
    status: RecipientStatus
    requirements: tuple[str, ...] = ()
    """Codes of what is still missing; never a person's data."""


class OnboardingPage(_Fact):
    """A page at the provider on which the creator finishes the set-up: one visit, short-lived."""

    url: str
    expires_at: datetime


ACCOUNT_REJECTED = "account_rejected"
"""Among the requirements: the provider will never let this account be paid."""

PAYOUTS_DISABLED = "payouts_disabled"
"""Among the requirements: money would reach the account, and stay in it."""

REPLAYED_ERROR = "replayed_error"
"""Code of an unclear answer that the provider keeps under the key: every later call with that key
gets it again, so the key can move no money any more."""


class Permit(Protocol):
    """The right to make one call; several tries with the same key are one call."""

    def seconds_left(self) -> float:
        """Time in which the whole call must be over."""
        ...

    async def holds(self) -> bool:
        """Asked right before each try, by whoever makes it."""
        ...


class PayoutRail(Protocol):
    """A way to pay creators.

    Definite refusals are results; only what is nobody's decision is raised: `Unavailable` (try
    again with the same key), `RailStopped` (our key is refused), `ContentConflict` (the key was
    used for something else).
    """

    @property
    def live(self) -> bool:
        """True if real money moves."""
        ...

    @property
    def key_marks(self) -> tuple[str, ...]:
        """Tell our keys from others without saying them; the one that moves money first."""
        ...

    by_bank: bool
    """True if it goes to accounts that creators gave for bank transfers."""

    @property
    def place(self) -> str:
        """Where creators' accounts are known: ``live``, ``test``, ``stand-in`` or ``bank``."""
        ...

    async def probe(self) -> None:
        """Try our keys with calls that move nothing.

        Raises:
            RailStopped: one is refused.
            Unavailable: the provider does not answer.
        """
        ...

    async def be_ready(self) -> None:
        """Look whether our key may be used, before an attempt is made that nobody could send.

        Raises:
            RailStopped: it may not.
            Unavailable: that cannot be asked now.
        """
        ...

    async def ensure_recipient(
        self, creator: str, country: str, email: str, existing: str | None
    ) -> Recipient:
        """Make the creator's account, or read the existing one; a closed one is replaced."""
        ...

    async def onboarding_link(
        self, account: str, return_url: str, refresh_url: str
    ) -> OnboardingPage:
        """Make a fresh single-use link to the set-up."""
        ...

    async def recipient_state(self, account: str) -> Recipient:
        """Read an account; one that is gone is ``restricted`` with ``account_gone``."""
        ...

    async def transfer(
        self, account: str, amount: int, currency: str, key: str, transfer_group: str,
        metadata: dict[str, str], permit: Permit | None = None,
    ) -> TransferResult:  # fmt: skip
        """Move money to the account; the same key moves it once.

        Raises:
            Unavailable: the provider asks to try again with the same key, or the permit is over.
        """
        ...

    async def find_transfers(self, transfer_group: str) -> tuple[RailTransfer, ...]:
        """Every transfer of one payout."""
        ...

    async def read_transfer(self, transfer_id: str) -> RailTransfer | None:
        """One transfer, or None if there is none."""
        ...

    async def credited(self, account: str, transfer_id: str) -> Credited | None:
        """What arrived of a transfer, which may be in another currency.

        None if that cannot be read now, for whatever reason: nothing depends on it.
        """
        ...

    async def transfers_between(
        self, since: datetime | None, until: datetime | None
    ) -> tuple[RailTransfer, ...]:
        """Every transfer made in a time, or all, for reconciliation."""
        ...

    def balance_lines(self, since: datetime) -> AsyncIterator[Sequence[BalanceLine]]:
        """What changed the brand's balance since then, page by page.

        Raises:
            RailStopped: our key may not read it.
        """
        ...

    async def bank_payout(self, account: str, payout_id: str) -> BankPayout | None:
        """One payout from a creator's account to their bank, or None if there is none.

        Raises:
            RailStopped: our key may not read it.
        """
        ...

    async def balance(self) -> dict[str, RailFunds]:
        """What the brand has there, by currency."""
        ...
