"""Creators' accounts at the payment provider, and what its events change."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.balances import Balances
from domain.bank_transfer import ACCOUNT_REFUSED
from domain.errors import ContentConflict, TroupeError, Unavailable
from domain.lifecycle import BankStatus, HoldReason
from domain.messages import (
    AppliedEvent,
    OnboardingTask,
    StripeEventTask,
    TransferOutcome,
    TransferResult,
)
from domain.payments import RailTransfer
from domain.reconciliation import in_our_name, not_ours
from integrations.payout_rail import ACCOUNT_REJECTED, PAYOUTS_DISABLED, PayoutRail
from integrations.stripe_webhooks import StripeEvent
from store import (
    bank_payouts,
    comparisons,
    external_events,
    payees,
    records,
    taken_back,
    unnamed,
)
from store import payouts as store
from store.bank_orders import ANSWERED
from store.claims import touched_by
from store.engine import session
from store.shares import shares
from store.tables import Recipient

log = logging.getLogger(__name__)

LINK_MARGIN = timedelta(minutes=1)
"""A link that expires sooner is not handed out again."""

_ACCOUNT_EVENTS = ("v2.core.account", "account.", "capability.")
_BANK_EVENTS = ("payout.",)
_FUNDS_EVENTS = ("balance.available", "topup.succeeded")
_RE_READS = 5

_PAUSED = TransferResult(outcome=TransferOutcome.PAUSED, code=HoldReason.PLATFORM_PAUSED.value)


class Recipients:
    """What `activities.payouts.Payouts` does besides sending money."""

    def __init__(
        self,
        engine: AsyncEngine,
        rail: PayoutRail,
        public_url: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._public_url = public_url.rstrip("/")
        self._clock = clock

    async def prepare_onboarding(self, task: OnboardingTask) -> str:
        """Make the account, if needed, and put a fresh link into the row."""
        async with session(self._engine) as db:
            creator, known, newest = await store.creator_for_onboarding(db, task.creator_id)
            link = await store.open_link(db, task.link_id, task.creator_id, self._clock())
        good_until = link.expires_at
        if link.url and good_until and good_until > self._clock() + LINK_MARGIN:
            return link.id
        account = await self._rail.ensure_recipient(
            creator.id, creator.country, creator.email, known.account_id if known else None
        )
        now = self._clock()
        async with session(self._engine) as db:
            another = known is None or known.account_id != account.account_id
            if another:
                await store.save_new_recipient(
                    db, creator.id, account.account_id, account.status, account.requirements, now
                )
            if known is not None and another:
                await payees.warn(db, creator.id, account.account_id, now)
            before = (known.status, known.requirements) if known is not None else None
            if before and (another or before != (account.status, [*account.requirements])):
                await external_events.store_account_change(
                    db, external_events.LOOKS, task.link_id, account.account_id,
                    live=self._rail.live, at=now,
                )  # fmt: skip
        back = f"{self._public_url}/portal/{task.collaboration_id or newest}"
        page = await self._rail.onboarding_link(
            account.account_id, f"{back}?setup=returned", f"{back}?setup=again"
        )
        async with session(self._engine) as db:
            await store.fill_link(db, link.id, page.url, page.expires_at)
        return link.id

    async def apply_event(self, task: StripeEventTask) -> AppliedEvent:
        """Re-read what the event is about; gives what is to follow from it."""
        async with session(self._engine) as db:
            stored = await store.get_event(db, task.event_row_id)
        event = StripeEvent.model_validate(stored.payload)
        applied = AppliedEvent()
        if event.livemode == self._rail.live:
            applied = await self._apply(event)
        async with session(self._engine) as db:
            await store.mark_applied(db, stored.id, self._clock())
        return applied

    async def _apply(self, event: StripeEvent) -> AppliedEvent:
        woken: list[str] = []
        mails: tuple[str, ...] = ()
        if event.type == ANSWERED:
            return AppliedEvent(woken=(event.transfer_group,))
        if event.type.startswith("transfer."):
            return await self._note_transfer(event.object_id)
        if event.account and event.type.startswith(_BANK_EVENTS):
            return AppliedEvent(mails=await self._note_bank_payout(event))
        if event.type in _FUNDS_EVENTS:
            # The payments come first: a reading that fails now is made up for by the schedule.
            with contextlib.suppress(Unavailable):
                await Balances(self._engine, self._rail, clock=self._clock).read_balance()
            async with session(self._engine) as db:
                woken = await store.held_payouts(db, reason=HoldReason.WAITING_FUNDS)
        elif event.account and event.type.startswith(_ACCOUNT_EVENTS):
            woken = await self._refresh(event.account)
            async with session(self._engine) as db:
                mails = await payees.warning(db, event.account)
        return AppliedEvent(woken=tuple(woken), mails=mails)

    async def not_yet(self, seen: Recipient) -> TransferResult | None:
        """Why nothing is to be sent to an account that is there; None if it may be tried.

        An account that is not in order is read again first: Stripe may have changed it without
        telling. Whether one without an active capability may be paid is Stripe's to say.
        """
        if ACCOUNT_REFUSED in seen.requirements:
            return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code=ACCOUNT_REFUSED)
        if PAYOUTS_DISABLED not in seen.requirements and seen.status == "active":
            return None
        known = await self.read_again(seen.account_id)
        if known is not None and known.status == "paused":
            return _PAUSED
        if known is None or PAYOUTS_DISABLED not in known.requirements:
            return None
        return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code=PAYOUTS_DISABLED)

    async def explain(self, account: str, refused: TransferResult) -> TransferResult:
        """Read an account that could not be paid: one that was rejected never will be."""
        try:
            known = await self.read_again(account)
        except TroupeError as error:
            # The refusal stands without its reason; the next attempt asks again.
            log.warning("an account that was refused cannot be read: %s", error.message)
            return refused
        if known is not None and known.status == "paused":
            return _PAUSED
        if known is not None and ACCOUNT_REJECTED in known.requirements:
            return TransferResult(outcome=TransferOutcome.REFUSED, code=ACCOUNT_REJECTED)
        return refused

    async def read_again(self, account: str) -> Recipient | None:
        """The account as it is now; None if it is nobody's any more."""
        await self._refresh(account)
        async with session(self._engine) as db:
            return await store.recipient_of_account(db, account)

    async def _refresh(self, account: str) -> list[str]:
        """Read the account now; read again if another event was applied meanwhile."""
        for _ in range(_RE_READS):
            async with session(self._engine) as db:
                known = await store.recipient_of_account(db, account)
            if known is None:
                return []
            now = await self._rail.recipient_state(account)
            async with session(self._engine) as db:
                if await store.refresh_recipient(
                    db, known, now.status, now.requirements, self._clock()
                ):
                    return await store.held_payouts(db, creator_id=known.creator_id)
        raise Unavailable("the account changes too often just now")

    async def _note_transfer(self, transfer_id: str) -> AppliedEvent:
        """Write down a transfer whose answer was lost, and what was taken back of one.

        What does not fit is reconciliation's.
        """
        transfer = await self._adopted(transfer_id)
        if transfer is None or not transfer.reversed_minor:
            return AppliedEvent()
        while True:
            async with session(self._engine) as db:
                booking = await taken_back.booking(db, transfer, self._clock())
            if booking is None:
                break
            await records.append(self._engine, booking)
        async with session(self._engine) as db:
            paid = [each.payout_id for each in await shares(db, transfer.id)]
            claims = [claim for each in paid for claim in await touched_by(db, each)]
            return AppliedEvent(
                taken_back=await taken_back.undecided(db, transfer.id),
                claims=tuple(dict.fromkeys(claims)),
            )

    async def _adopted(self, transfer_id: str) -> RailTransfer | None:
        """Read a transfer, and write down whose it is if nobody has; None if it is nobody's."""
        transfer = await self._rail.read_transfer(transfer_id)
        if transfer is not None:
            await self._ask_about(transfer)
        if transfer is None or not transfer.transfer_group:
            return None
        await self.adopt_or_tell([transfer])
        return transfer

    async def adopt_or_tell(self, transfers: Sequence[RailTransfer]) -> bool:
        """Write down whose transfers are, or tell finance that they are not ours; False if none.

        Also if another attempt has paid the payment meanwhile: what went along in this one is paid.

        Anybody who has a key may write a payment's name on a transfer: one that is not what was
        asked for pays nothing, and finance hears of it at once. It goes along with no other then.
        """
        for transfer in transfers:
            try:
                async with session(self._engine) as db:
                    ours = await store.is_adopted(db, transfer.id) or await store.adopt_transfer(
                        db, transfer.transfer_group, transfer, self._clock()
                    )
                    if not ours and in_our_name(transfer) and transfer.counts:
                        await comparisons.note(db, not_ours(transfer), self._clock())
            except ContentConflict:
                async with session(self._engine) as db:
                    await comparisons.note(db, not_ours(transfer), self._clock())
        return bool(transfers)

    async def _ask_about(self, transfer: RailTransfer) -> None:
        """Sent by hand to a creator: finance hears of it before the payment is sent as well."""
        async with session(self._engine) as db:
            found, _ = await unnamed.unexplained(db, [transfer])
            for each in found:
                await comparisons.note(db, each, self._clock())

    async def _note_bank_payout(self, event: StripeEvent) -> tuple[str, ...]:
        """Write down what became of money on its way to the bank; gives the mails about it."""
        found = await self._rail.bank_payout(event.account, event.object_id)
        if found is None:
            return ()
        if found.canceled and (known := await self.read_again(event.account)):
            if known.status == "paused":
                found = found.model_copy(update={"status": BankStatus.PAUSED})
        async with session(self._engine) as db:
            unknown = await bank_payouts.unknown(db, found)
        for transfer_id in unknown:
            await self._adopted(transfer_id)
        async with session(self._engine) as db:
            if await bank_payouts.is_ahead(db, found):
                raise Unavailable("the bank was quicker than our books: asked again in a while")
            wanted = await bank_payouts.bookings(db, found, self._clock())
        for booking in wanted:
            await records.append(self._engine, booking)
        async with session(self._engine) as db:
            return await bank_payouts.mails(db, found)
