"""Paying with Stripe while its keys change: each call goes out with the key of that moment."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from domain.balance_lines import BalanceLine
from domain.errors import KeyMayNot, RailStopped, Unavailable
from domain.messages import TransferResult
from domain.payments import BankPayout, Credited, RailFunds, RailTransfer
from integrations.own_account import FirstSeen, KnownAccounts
from integrations.payout_rail import OnboardingPage, Permit, Recipient
from integrations.secret_source import SecretSource
from integrations.stripe_keys import Mode, StripeKeys
from integrations.stripe_rail import StripeRail
from integrations.stripe_webhooks import StripeEvent


class RotatingRail:
    """Implements `integrations.payout_rail.PayoutRail` over keys that may be exchanged.

    One key writes: it makes accounts, links and transfers. Another may read, so that what looks
    things up every hour cannot move money; without one, the first does both.
    """

    by_bank = False

    def __init__(
        self,
        writer: SecretSource,
        reader: SecretSource | None = None,
        *,
        api_base: str = "",
        mode: str = "",
        accounts: KnownAccounts | None = None,
        **options: Any,
    ) -> None:
        """Look at the keys; nothing is called.

        Args:
            writer: the key that may move money.
            reader: the key that looks things up; none if the first does that too.
            api_base: a stand-in's address.
            mode: the only mode, ``test`` or ``live``; empty for that of the first key.
            accounts: of which Stripe account all keys have to be; the one of the first key if
                nobody remembers it.
            options: of each `StripeRail`.

        Raises:
            ConfigurationError: no key is set, or one that must not be used here.
        """

        def make(key: str) -> StripeRail:
            return StripeRail(key, api_base=api_base, **options)

        one_mode, known = Mode(mode), accounts or FirstSeen()
        self._writer = StripeKeys(writer, make, one_mode, known, api_base=api_base)
        self._reader = self._writer
        if reader is not None and reader.is_set:
            self._reader = StripeKeys(reader, make, one_mode, known, api_base=api_base)

    @property
    def live(self) -> bool:
        """True if real money moves."""
        return self._writer.live

    @property
    def place(self) -> str:
        """Where creators' accounts are known."""
        return self._writer.place

    @property
    def key_marks(self) -> tuple[str, ...]:
        """Tell our keys from others without saying them; the one that moves money first."""
        return tuple(dict.fromkeys((self._writer.mark, self._reader.mark)))

    async def probe(self) -> None:
        """Try each key with a call that moves nothing."""
        await self.balance()
        if self._reader is not self._writer:
            # Of a key that another one reads for, it is enough that Stripe knows it.
            async with self._writer.rail() as rail:
                with contextlib.suppress(KeyMayNot):
                    await rail.balance()

    async def be_ready(self) -> None:
        """Look whether there is a key to send with, and of which account it is."""
        async with self._writer.rail():
            pass

    async def check_accounts(self) -> None:
        """Ask whose the keys are, and do nothing else with them.

        Raises:
            RailStopped: one is refused, or of another Stripe account than the one in use.
            Unavailable: Stripe does not answer.
        """
        for keys in dict.fromkeys((self._writer, self._reader)):
            async with keys.rail():
                pass

    async def close(self) -> None:
        """Close the connections."""
        await self._writer.close()
        await self._reader.close()

    async def ensure_recipient(
        self, creator: str, country: str, email: str, existing: str | None
    ) -> Recipient:
        """Make the creator's account, or read the existing one."""
        async with self._writer.rail() as rail:
            return await rail.ensure_recipient(creator, country, email, existing)

    async def onboarding_link(
        self, account: str, return_url: str, refresh_url: str
    ) -> OnboardingPage:
        """Make a fresh single-use link."""
        async with self._writer.rail() as rail:
            return await rail.onboarding_link(account, return_url, refresh_url)

    async def transfer(
        self, account: str, amount: int, currency: str, key: str, transfer_group: str,
        metadata: dict[str, str], permit: Permit | None = None,
    ) -> TransferResult:  # fmt: skip
        """Move money to an account; the same idempotency key moves it once within a day."""
        async with self._writer.rail() as rail:
            return await rail.transfer(
                account, amount, currency, key, transfer_group, metadata, permit
            )

    async def recipient_state(self, account: str) -> Recipient:
        """Read an account as it is now."""
        async with self._reader.rail() as rail:
            return await rail.recipient_state(account)

    async def find_transfers(self, transfer_group: str) -> tuple[RailTransfer, ...]:
        """Every transfer of one payout."""
        async with self._reader.rail() as rail:
            return await rail.find_transfers(transfer_group)

    async def read_transfer(self, transfer_id: str) -> RailTransfer | None:
        """One transfer, or None if Stripe has none."""
        async with self._reader.rail() as rail:
            return await rail.read_transfer(transfer_id)

    async def credited(self, account: str, transfer_id: str) -> Credited | None:
        """What arrived of a transfer; None without a key too, as nothing depends on it."""
        try:
            async with self._reader.rail() as rail:
                return await rail.credited(account, transfer_id)
        except (RailStopped, Unavailable):
            return None

    async def transfers_between(
        self, since: datetime | None, until: datetime | None
    ) -> tuple[RailTransfer, ...]:
        """Every transfer made from ``since`` on and before ``until``, newest first."""
        async with self._reader.rail() as rail:
            return await rail.transfers_between(since, until)

    async def balance_lines(self, since: datetime) -> AsyncIterator[Sequence[BalanceLine]]:
        """What changed our balance since then, newest first, page by page."""
        async with self._reader.rail() as rail:
            async for page in rail.balance_lines(since):
                yield page

    async def bank_payout(self, account: str, payout_id: str) -> BankPayout | None:
        """One payout from a creator's account to their bank, or None if there is none."""
        async with self._reader.rail() as rail:
            return await rail.bank_payout(account, payout_id)

    async def events_since(self, since: datetime, account: str = "") -> tuple[StripeEvent, ...]:
        """The snapshot events that Troupe acts on, newest first."""
        async with self._reader.rail() as rail:
            return await rail.events_since(since, account)

    async def balance(self) -> dict[str, RailFunds]:
        """What is available to be paid out, and what is held back, by currency."""
        async with self._reader.rail() as rail:
            return await rail.balance()
