"""The payout rail for brands without a payment provider: bank transfers, by files for their bank.

Sending is an order in our own database; what the bank says comes with the files that people import.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.balance_lines import BalanceLine
from domain.bank_transfer import CURRENCY, NOT_IN_EURO
from domain.errors import NotAllowed
from domain.messages import TransferOutcome, TransferResult
from domain.payments import BankPayout, Credited, RailFunds, RailTransfer
from integrations.payout_rail import OnboardingPage, Permit, Recipient, RecipientStatus
from integrations.stripe_webhooks import StripeEvent
from store import bank_accounts, bank_orders
from store.engine import session


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BankRail:
    """Implements `integrations.payout_rail.PayoutRail` by bank transfer."""

    live = True
    key_marks = ("bank",)
    by_bank = True
    place = "bank"

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._engine, self._clock = engine, clock

    async def probe(self) -> None:
        """There is no key to try."""

    async def be_ready(self) -> None:
        """There is no key to look at."""

    async def close(self) -> None:
        """Nothing is open."""

    async def ensure_recipient(
        self, creator: str, country: str, email: str, existing: str | None
    ) -> Recipient:
        """Only the creator can give an account, in the portal."""
        raise NotAllowed("bank accounts are given in the portal")

    async def onboarding_link(
        self, account: str, return_url: str, refresh_url: str
    ) -> OnboardingPage:
        """There is no other page than ours."""
        raise NotAllowed("bank accounts are given in the portal")

    async def recipient_state(self, account: str) -> Recipient:
        """An account that was given can be paid, until the bank says that it could not."""
        async with session(self._engine) as db:
            missing = await bank_accounts.requirements(db, account)
        status: RecipientStatus = "restricted" if missing else "active"
        return Recipient(account_id=account, status=status, requirements=missing)

    async def transfer(
        self, account: str, amount: int, currency: str, key: str, transfer_group: str,
        metadata: dict[str, str], permit: Permit | None = None,
    ) -> TransferResult:  # fmt: skip
        """Order the transfer; the same attempt is ordered once."""
        if currency != CURRENCY:
            return TransferResult(outcome=TransferOutcome.REFUSED, code=NOT_IN_EURO)
        async with session(self._engine) as db:
            if not await bank_accounts.exists(db, account):
                # Set up for another rail before this one was chosen.
                return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="no_account")
            number = int(metadata["attempt"])
            return await bank_orders.place(
                db, transfer_group, number, account, amount, self._clock()
            )

    async def find_transfers(self, transfer_group: str) -> tuple[RailTransfer, ...]:
        """What the bank has carried out of one payout."""
        async with session(self._engine) as db:
            return await bank_orders.transfers(db, payout_id=transfer_group)

    async def read_transfer(self, transfer_id: str) -> RailTransfer | None:
        """One payment that the bank has carried out."""
        async with session(self._engine) as db:
            found = await bank_orders.transfers(db, reference=transfer_id)
        return found[0] if found else None

    async def transfers_between(
        self, since: datetime | None, until: datetime | None
    ) -> tuple[RailTransfer, ...]:
        """Everything that was ordered in a time and that the bank has carried out."""
        async with session(self._engine) as db:
            return await bank_orders.transfers(db, since=since, until=until)

    async def balance_lines(self, since: datetime) -> AsyncIterator[Sequence[BalanceLine]]:
        """The account at the bank is not read: it has other business than creators."""
        nothing: Sequence[Sequence[BalanceLine]] = ()
        for page in nothing:
            yield page

    async def credited(self, account: str, transfer_id: str) -> Credited | None:
        """Euros arrive as euros; what the creator's bank does with them it tells the creator."""
        return None

    async def bank_payout(self, account: str, payout_id: str) -> BankPayout | None:
        """There is nothing between the brand's bank and the creator's."""
        return None

    async def events_since(self, since: datetime, account: str = "") -> tuple[StripeEvent, ...]:
        """People bring the bank's answers: none can be lost on the way."""
        return ()

    async def balance(self) -> dict[str, RailFunds]:
        """The bank is not asked."""
        return {}
