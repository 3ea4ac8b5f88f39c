"""Paying creators: the one place that moves money, and the only one that holds the provider's key.

Each attempt is committed before the provider is called and settled afterwards. Whatever happens in
between, at any moment, ends in one transfer: the same attempt is sent again with the same key, or
looked up in the provider's own list, and no new attempt is made while an older one is open. Who may
send an attempt at this moment is said in `activities.turns`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio import activity

from activities.heartbeats import heartbeats
from activities.rail_gate import RailGate
from activities.recipients import Recipients
from activities.turns import Turn
from domain.bank_transfer import is_bank_account
from domain.errors import (
    AccountBusy,
    ContentConflict,
    KeyMayNot,
    OtherRail,
    PayeeChanged,
    RailStopped,
    TroupeError,
    Unavailable,
)
from domain.ids import attempt_key
from domain.messages import (
    AppliedEvent,
    OnboardingTask,
    StripeEventTask,
    TransferOutcome,
    TransferRequest,
    TransferResult,
)
from domain.payments import RailTransfer
from integrations.payout_rail import REPLAYED_ERROR, PayoutRail
from store import attempts, comparisons, riders, shares
from store import payouts as store
from store.engine import session
from store.tables import Payout, PayoutAttempt

KEY_LIFE = timedelta(hours=23)
"""A key is never sent again after this: Stripe may forget keys after 24 hours."""

BUSY_POLL = timedelta(milliseconds=250)
"""Between two looks whether another payment is still being sent to the same account."""

BUSY_LOOKS = 20
"""After so many without success the engine tries again, with its growing pauses."""

QUIET = timedelta(seconds=90)
"""Time after an unclear answer before "not in the list" is believed."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Payouts:
    """Transfers, recipients and the provider's events."""

    def __init__(
        self,
        engine: AsyncEngine,
        rail: PayoutRail,
        public_url: str,
        *,
        clock: Callable[[], datetime] = _utc_now,
        quiet: timedelta = QUIET,
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._clock = clock
        self._quiet = quiet
        self._gate = RailGate(engine, rail, clock)
        self._recipients = Recipients(engine, rail, public_url, clock)

    @activity.defn(name="send_transfer")
    async def send_transfer(self, request: TransferRequest) -> TransferResult:
        """Try to pay.

        Sending twice is one transfer: the attempt's row and key are committed first, an attempt
        with an outcome is answered from its row, and an old one is looked up instead of sent. If
        the key is refused when an earlier call may have moved the money, it is in doubt.

        Raises:
            RailStopped: the key is refused, and nothing of the payment has moved.
        """
        async with heartbeats():
            try:
                return await self._as_paid(request.payout_id, await self._send(request))
            except RailStopped as refusal:
                async with session(self._engine) as db:
                    if not await attempts.may_have_moved(db, request.payout_id):
                        raise
                return TransferResult(outcome=TransferOutcome.IN_DOUBT, code=refusal.code)

    @activity.defn(name="look_up_transfer")
    async def look_up_transfer(self, request: TransferRequest) -> TransferResult:
        """Ask the provider's own list whether an attempt went through, and if not, settle it.

        Older ones that are open are settled first: one of them may have paid.
        Asking twice gives one answer, since it is written on the attempt's row. An attempt that is
        not in the list is sent once more with the same key; it never happened if that key can move
        no money any more. While that is not certain, `Unavailable` is raised.
        """
        async with heartbeats():
            async with session(self._engine) as db:
                found = await store.payee(db, request.payout_id)
                attempt = await attempts.get_attempt(db, request.payout_id, request.attempt)
                earlier = await attempts.open_before(db, request.payout_id, request.attempt)
                along = await riders.carried(db, request.payout_id)
            if along:
                return along
            if earlier and (result := await self._finish(found, earlier)):
                return await self._as_paid(request.payout_id, result)
            if attempt is None:
                return await self._give_up(request.payout_id, request.attempt)
            return await self._as_paid(request.payout_id, await self._look_up(found, attempt))

    @activity.defn(name="adopt_transfer")
    async def adopt_transfer(self, request: TransferRequest) -> TransferResult:
        """Take the transfer that somebody made by hand in the payment's group for the payment.

        Doing it twice is one attempt: it is written with its outcome, and found by its transfer.
        A payment that another one's transfer has taken along is answered with that.
        """
        async with heartbeats():
            async with session(self._engine) as db:
                found = await store.payee(db, request.payout_id)
                paid = await _paid(db, request.payout_id)
            if paid:
                return paid
            there = [each for each in await self._list(request.payout_id) if each.counts]
            if len(there) != 1:
                code = "foreign_transfers" if there else "foreign_gone"
                return TransferResult(outcome=TransferOutcome.REFUSED, code=code)
            async with session(self._engine) as db:
                return await attempts.take_foreign(db, found.payout.id, request.attempt, there[0])

    @activity.defn(name="prepare_onboarding")
    async def prepare_onboarding(self, task: OnboardingTask) -> str:
        """Make the creator's account, if needed, and a fresh link; gives the link's row id.

        Doing it twice is one account, by its key; a link that is still good is kept.
        """
        return await self._recipients.prepare_onboarding(task)

    @activity.defn(name="apply_stripe_event")
    async def apply_stripe_event(self, task: StripeEventTask) -> AppliedEvent:
        """Re-read what a stored event is about; gives what is to follow from it.

        Applying twice, or in any order, ends in the state that the provider has now. While our key
        is refused the event waits: nothing that happened meanwhile is lost.
        """
        try:
            async with heartbeats(), self._gate.look():
                return await self._recipients.apply_event(task)
        except TroupeError as error:
            async with session(self._engine) as db:
                await store.mark_unread(db, task.event_row_id, error.code)
            if isinstance(error, RailStopped) and not isinstance(error, KeyMayNot):
                raise Unavailable(f"an event waits: {error.message}") from error
            raise

    async def _send(self, request: TransferRequest) -> TransferResult:
        async with session(self._engine) as db:
            found = await store.payee(db, request.payout_id)
            paid = await _paid(db, request.payout_id) or await riders.waits(db, request.payout_id)
            earlier = await attempts.open_before(db, request.payout_id, request.attempt)
            known = await attempts.get_attempt(db, request.payout_id, request.attempt)
            foreign = await comparisons.has_foreign(db, request.payout_id)
        if paid:
            return paid
        if earlier and (result := await self._finish(found, earlier)):
            return result
        if known and known.outcome:
            return _result(known)
        if known:
            self._check_rail(known)
            if await self._made_otherwise(known):
                return await self._give_up(known.payout_id, known.number)
        if known and self._key_is_old(known):
            return await self._look_up(found, known)
        if found.recipient is None:
            return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="no_account")
        if known is None and (result := await self._recipients.not_yet(found.recipient)):
            return result
        looks = known is None and (request.attempt > 1 or foreign)
        if looks and (result := await self._already(found.payout)):
            return result
        return await self._post(found.payout, request.attempt, found.recipient.account_id)

    async def _post(self, payout: Payout, number: int, account: str) -> TransferResult:
        """Take the turn, call, write the outcome down; one payment to an account after the other.

        Raises:
            AccountBusy: the call for another payment to the same account is not over.
        """
        looks = 0
        while True:
            try:
                async with self._gate.passage():
                    # An attempt that is made is open until a key of the same account has told.
                    await self._rail.be_ready()
                    return await self._send_once(payout, number, account)
            except AccountBusy:
                looks += 1
                if looks == BUSY_LOOKS:
                    raise
            await asyncio.sleep(BUSY_POLL.total_seconds())

    async def _send_once(self, payout: Payout, number: int, account: str) -> TransferResult:
        turn = Turn(self._engine, payout.id, number, self._clock)
        wanted = PayoutAttempt(
            payout_id=payout.id,
            number=number,
            key=attempt_key(payout.id, number),
            request_hash=attempts.request_hash(payout, number, account),
            account_id=account,
            amount_minor=payout.sent_minor,
            first_sent_at=self._clock(),
            sender=turn.sender,
            sending_until=turn.over_for_others_at,
        )
        try:
            async with session(self._engine) as db:
                attempt = await attempts.take_turn(db, wanted, self._clock())
        except PayeeChanged as change:
            return TransferResult(outcome=TransferOutcome.PAYEE_CHANGED, code=change.code)
        if attempt.sender != turn.sender:
            return _result(attempt)
        try:
            result = await self._rail.transfer(
                account, attempt.amount_minor, payout.currency, attempt.key,
                transfer_group=payout.id,
                metadata={"payout": payout.id, "attempt": str(number)},
                permit=turn,
            )  # fmt: skip
        except TroupeError as error:
            # The call is over, and the attempt stays open: it says nothing about earlier ones.
            await turn.end(moved_nothing=isinstance(error, RailStopped) and turn.tries <= 1)
            raise
        if result.outcome is TransferOutcome.NOT_ONBOARDED:
            result = await self._recipients.explain(account, result)
        async with session(self._engine) as db:
            await attempts.settle_attempt(db, payout.id, number, result, self._clock(), turn.sender)
        return result

    async def _finish(
        self, found: store.Payee, earlier: Sequence[PayoutAttempt]
    ) -> TransferResult | None:  # fmt: skip
        """Settle older attempts before a new one is made; their result, if one went through."""
        for attempt in earlier:
            if self._is_of_another_rail(attempt):
                return TransferResult(outcome=TransferOutcome.REFUSED, code=OtherRail.code)
            if await self._made_otherwise(attempt):
                result = await self._give_up(found.payout.id, attempt.number)
            elif self._may_be_sent_again(found, attempt) and attempt.outcome is None:
                result = await self._post(found.payout, attempt.number, attempt.account_id)
            else:
                result = await self._look_up(found, attempt)
            if result.outcome in {TransferOutcome.IN_DOUBT, TransferOutcome.UNDER_WAY}:
                what = f"attempt {attempt.number} of payout {found.payout.id}"
                raise Unavailable(f"{what} is still open")
            if result.outcome is TransferOutcome.TRANSFERRED:
                return result
        return None

    async def _made_otherwise(self, attempt: PayoutAttempt, *, open_too: bool = False) -> bool:
        """True if it has moved nothing, and somebody has paid by hand what it is to pay."""
        async with session(self._engine) as db:
            if not open_too and await attempts.may_have_moved(db, attempt.payout_id):
                return False
            names = await attempts.pays(db, attempt)
        made = [each for name in names for each in await self._list(name) if each.counts]
        return await self._recipients.adopt_or_tell(made)

    async def _already(self, payout: Payout) -> TransferResult | None:
        """Before another attempt: does the provider's list know a transfer of this payout?"""
        for transfer in await self._list(payout.id):
            if not transfer.counts:
                continue
            try:
                return await self._adopt(payout, transfer)
            except ContentConflict:
                # Made by somebody else for this payout: a person decides, nothing is sent.
                return TransferResult(outcome=TransferOutcome.REFUSED, code="foreign_transfer")
        return None

    async def _look_up(self, found: store.Payee, attempt: PayoutAttempt) -> TransferResult:
        if attempt.outcome not in {None, TransferOutcome.IN_DOUBT}:
            # Also at the bank: until its answer is imported there is nobody to ask.
            return _result(attempt)
        self._check_rail(attempt)
        payout = found.payout
        if there := await self._find(payout, attempt):
            return there
        last_heard = attempt.settled_at or attempt.first_sent_at
        if self._clock() - last_heard < self._quiet:
            raise Unavailable("the provider has no such transfer yet; asked again in a while")
        spent = attempt.code == REPLAYED_ERROR
        if not spent and self._may_be_sent_again(found, attempt):
            if await self._made_otherwise(attempt, open_too=True):
                raise Unavailable("paid by hand meanwhile: given up as soon as its key is old")
            # A new key while somebody may still send the old one could pay twice. The old key
            # cannot: either it pays now, or the provider says what it keeps under it.
            result = await self._post(payout, attempt.number, attempt.account_id)
            if result.outcome is not TransferOutcome.IN_DOUBT:
                return result
            if result.code != REPLAYED_ERROR:
                raise Unavailable("the provider did not say what became of the attempt")
            spent = True
            if there := await self._find(payout, attempt):
                return there
        return await self._give_up(payout.id, attempt.number, spent=spent)

    async def _find(self, payout: Payout, attempt: PayoutAttempt) -> TransferResult | None:
        """The attempt's transfer in the provider's list, adopted."""
        number = str(attempt.number)
        mine = [each for each in await self._list(payout.id) if each.attempt == number]
        if len(mine) > 1:
            raise ContentConflict(f"attempt {attempt.number} of payout {payout.id} was sent twice")
        return await self._adopt(payout, mine[0]) if mine else None

    async def _list(self, payout_id: str) -> Sequence[RailTransfer]:
        async with self._gate.passage():
            return await self._rail.find_transfers(payout_id)

    async def _give_up(self, payout_id: str, number: int, *, spent: bool = False) -> TransferResult:
        key, at = attempt_key(payout_id, number), self._clock()
        async with session(self._engine) as db:
            closed = await attempts.give_up_attempt(db, payout_id, number, key, at, spent=spent)
        return _result(closed)

    async def _as_paid(self, payout_id: str, result: TransferResult) -> TransferResult:
        """Say what was sent if that is not what is let go now, and keep what has arrived."""
        if result.outcome is not TransferOutcome.TRANSFERRED:
            return result
        async with session(self._engine) as db:
            paid = await attempts.transferred_attempt(db, payout_id)
            asked = (await store.payee(db, payout_id)).payout.sent_minor
            sent = await shares.own_share(db, paid) if paid else asked
        if paid is None:
            return result
        await self._note_credited(paid)
        return result if sent == asked else result.model_copy(update={"amount_minor": sent})

    async def _note_credited(self, paid: PayoutAttempt) -> None:
        """Keep what arrived, if it can be read; the payment is what it is without."""
        if not paid.transfer_id or paid.credited_minor is not None:
            return
        credited = await self._rail.credited(paid.account_id, paid.transfer_id)
        if credited is not None:
            async with session(self._engine) as db:
                await attempts.note_credited(db, paid.payout_id, paid.number, credited)

    def _is_of_another_rail(self, attempt: PayoutAttempt) -> bool:
        return is_bank_account(attempt.account_id) != self._rail.by_bank

    def _check_rail(self, attempt: PayoutAttempt) -> None:
        """Raise `OtherRail` if the list of this rail says nothing about the attempt."""
        if self._is_of_another_rail(attempt):
            raise OtherRail("the attempt was made by the rail that was in use before")

    def _may_be_sent_again(self, found: store.Payee, attempt: PayoutAttempt) -> bool:
        same_payee = found.recipient and found.recipient.account_id == attempt.account_id
        return bool(same_payee) and not self._key_is_old(attempt)

    def _key_is_old(self, attempt: PayoutAttempt) -> bool:
        return self._clock() - attempt.first_sent_at > KEY_LIFE

    async def _adopt(self, payout: Payout, transfer: RailTransfer) -> TransferResult:
        async with session(self._engine) as db:
            ours = await attempts.adopt_transfer(db, payout.id, transfer, self._clock())
        if not ours:
            raise ContentConflict(f"transfer {transfer.id} names an attempt that was never made")
        return TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id=transfer.id)


async def _paid(db: AsyncSession, payout_id: str) -> TransferResult | None:
    """The transfer that has paid it: of its own attempt, or of the one that took it along."""
    if own := await attempts.transferred_attempt(db, payout_id):
        return _result(own)
    return await riders.carried(db, payout_id)


def _result(attempt: PayoutAttempt) -> TransferResult:
    return TransferResult(
        outcome=TransferOutcome(attempt.outcome or TransferOutcome.IN_DOUBT),
        transfer_id=attempt.transfer_id or "",
        code=attempt.code,
    )
