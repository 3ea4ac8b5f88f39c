"""An attempt to pay, from its beginning to what is booked of it, by any worker that comes along."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from domain.errors import Unavailable
from domain.ids import attempt_key
from domain.lifecycle import HoldReason, PayoutStatus
from domain.messages import (
    Append,
    Netting,
    PayoutChange,
    Posting,
    PostingKind,
    TransferOutcome,
    TransferResult,
)
from domain.payments import RailTransfer
from local.proof.owing import called_off
from local.proof.till import Payment, Till, Where
from store import attempts
from store import payouts as store
from store.engine import session
from store.tables import PayoutAttempt

T = TypeVar("T")

TURN = timedelta(seconds=30)
"""So long a call of a worker may take."""


def one_that_is(where: Where, till: Till, pick: int) -> Payment | None:
    """One of the payments that are owed, or that are being sent."""
    return one_of([each for each in till.payments if each.where is where], pick)


def one_of(of: list[T], pick: int) -> T | None:
    """The picked one, if there is any."""
    return of[pick % len(of)] if of else None


async def pay(till: Till, pick: int, amount: int) -> None:
    """Put the money in transit for a new attempt."""
    payment = one_that_is(Where.OWED, till, pick)
    if payment is None:
        return
    if not payment.sent:
        change = PayoutChange(status=PayoutStatus.NETTED, clear_hold=True)
        await note(till, payment, "netted", change, netting=Netting.BOOK)
        payment.where = Where.NETTED
        till.over(payment)
        return
    payment.attempt += 1
    change = PayoutChange(status=PayoutStatus.SENDING, attempt=payment.attempt, clear_hold=True)
    await note(till, payment, "sending", change, PostingKind.SEND)
    payment.where = Where.SENDING


async def take_turn(till: Till, pick: int, amount: int) -> None:
    """Also takes over from a worker that may be dead, or only slow."""
    payment = one_that_is(Where.SENDING, till, pick)
    if payment is None:
        return
    sender = f"worker {till.tries.total()}"
    wanted = new_attempt(till, payment, payment.attempt, sender)
    # It is refused while an earlier call may still move the money.
    with contextlib.suppress(Unavailable):
        async with session(till.engine) as db:
            taken = await attempts.take_turn(db, wanted, till.now)
        if taken.sender == sender:
            payment.senders.append((payment.attempt, sender))


def new_attempt(till: Till, payment: Payment, number: int, sender: str) -> PayoutAttempt:
    """An attempt as a worker wants to make it."""
    return PayoutAttempt(
        payout_id=payment.id, number=number, key=attempt_key(payment.id, number),
        request_hash=f"{payment.id}:{number}", account_id=payment.contract.account, code="",
        amount_minor=payment.sent, first_sent_at=till.now, sender=sender,
        sending_until=till.now + TURN,
    )  # fmt: skip


def calling(
    pays: bool, heard: TransferOutcome | None
) -> Callable[[Till, int, int], Awaitable[None]]:
    """One call by any worker that began: one that was taken over wakes up as well."""

    async def call(till: Till, pick: int, amount: int) -> None:
        payment = one_of([each for each in till.payments if each.senders], pick)
        if payment is None:
            return
        number, sender = payment.senders.pop(amount % len(payment.senders))
        async with session(till.engine) as db:
            may = await attempts.has_turn(db, payment.id, number, sender)
        if not may:
            return
        key, kept = attempt_key(payment.id, number), till.provider.kept
        if key not in kept and (pays or heard is TransferOutcome.REFUSED):
            kept[key] = _transfer(till, payment, number) if pays else None
        said = heard
        if heard in {TransferOutcome.TRANSFERRED, TransferOutcome.REFUSED}:
            said = TransferOutcome.TRANSFERRED if kept[key] else TransferOutcome.REFUSED
        if said is None:
            return
        there = kept.get(key) if said is TransferOutcome.TRANSFERRED else None
        result = TransferResult(outcome=said, transfer_id=there.id if there else "")
        async with session(till.engine) as db:
            await attempts.settle_attempt(db, payment.id, number, result, till.now, sender)

    return call


def _transfer(till: Till, payment: Payment, number: int) -> RailTransfer:
    made = RailTransfer(
        id=f"tr_{payment.id}_{number}", account_id=payment.contract.account,
        amount_minor=payment.sent, currency=payment.contract.campaign.currency,
        transfer_group=payment.id, attempt=str(number), created_at=till.now,
    )  # fmt: skip
    till.provider.transfers.append(made)
    return made


async def book(till: Till, pick: int, amount: int) -> None:
    """Post what the attempt's row says of it."""
    payment = one_that_is(Where.SENDING, till, pick)
    if payment is None:
        return
    async with session(till.engine) as db:
        attempt = await attempts.get_attempt(db, payment.id, payment.attempt)
    if attempt is None or attempt.outcome is None:
        return
    if attempt.transfer_id:
        change = PayoutChange(status=PayoutStatus.TRANSFERRED, transfer_id=attempt.transfer_id)
        netting = Netting.BOOK if payment.netted else None
        await note(till, payment, "transferred", change, PostingKind.SETTLE, netting)
        payment.where = Where.PAID
        till.over(payment)
    elif attempt.outcome == TransferOutcome.IN_DOUBT:
        await note(till, payment, "in_doubt", PayoutChange(status=PayoutStatus.IN_DOUBT))
    else:
        change = PayoutChange(status=PayoutStatus.HELD, hold_reason=HoldReason.REFUSED)
        await note(till, payment, "held", change, PostingKind.RETURN)
        payment.where = Where.OWED


async def recover(till: Till, pick: int, amount: int) -> None:
    """Ask the provider's list, and close an attempt that is not in it and can be no more."""
    payment = one_that_is(Where.SENDING, till, pick)
    if payment is None:
        return
    mine = [t for t in till.provider.of(payment) if t.attempt == str(payment.attempt)]
    async with session(till.engine) as db:
        if mine:
            await store.adopt_transfer(db, payment.id, mine[0], till.now)
            return
    key = attempt_key(payment.id, payment.attempt)
    # It is refused while a call may still have an effect.
    with contextlib.suppress(Unavailable):
        async with session(till.engine) as db:
            await attempts.give_up_attempt(
                db, payment.id, payment.attempt, key, till.now, spent=False
            )


async def call_off(till: Till, payment: Payment, event: str) -> None:
    """It is not paid: the budget has all of it back, and what it kept back is open again."""
    change = PayoutChange(status=PayoutStatus.CANCELLED, clear_hold=True)
    netting = Netting.GIVE_BACK if payment.netted else None
    await note(till, payment, event, change, PostingKind.FORFEIT, netting)
    till.called_off(payment)
    called_off(till, payment)


async def note(
    till: Till, payment: Payment, event: str, change: PayoutChange,
    kind: PostingKind | None = None, netting: Netting | None = None,
) -> None:  # fmt: skip
    """Append to the stream of a payment."""
    name = f"{event}:{payment.attempt}"
    amount = payment.amount if kind is PostingKind.FORFEIT else payment.sent
    moved = kind and Posting(
        kind=kind, key=f"{kind.value}:{payment.id}:{payment.attempt}", amount_minor=amount
    )
    command = Append(
        head=payment.head, at=till.now, key=name, event=event, payout=change,
        postings=(moved,) if moved else (), netting=netting,
    )  # fmt: skip
    await till.write(payment, command)
