"""Attempts to pay: who may send one, what became of it, and when it can be sent no more.

An attempt's row is committed before the provider is called and gets its outcome afterwards; a row
without an outcome means that the provider may have been called. Whoever sends holds the attempt for
the time of one call, its *turn*. Every step here locks the payout first, so that of a worker that
sends, one that takes over and one that gives up, each sees what the others have written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import ContentConflict, NotAllowed, NotFound, PayeeChanged, Unavailable
from domain.ids import attempt_key
from domain.messages import TransferOutcome, TransferResult
from domain.payments import Credited, RailTransfer
from store import riders, shares
from store.account_turns import refuse_while_busy
from store.tables import Payout, PayoutAttempt, Recipient

UNSETTLED = (None, TransferOutcome.IN_DOUBT.value, TransferOutcome.UNDER_WAY.value)
"""Outcomes after which nobody knows whether the money has moved."""

BY_HAND = "by_hand"
"""Code of an attempt that people made at the provider, and said was the payment."""


def request_hash(payout: Payout, number: int, account: str) -> str:
    """What an attempt asks for, in short: the same attempt is never made with another request."""
    content = [payout.id, number, account, payout.sent_minor, payout.currency]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


async def get_attempt(session: AsyncSession, payout_id: str, number: int) -> PayoutAttempt | None:
    """One attempt."""
    return await session.get(PayoutAttempt, (payout_id, number))


async def transferred_attempt(session: AsyncSession, payout_id: str) -> PayoutAttempt | None:
    """The attempt that went through, if one did."""
    return await session.scalar(
        select(PayoutAttempt)
        .where(
            PayoutAttempt.payout_id == payout_id,
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
        )
        .order_by(PayoutAttempt.number)
        .limit(1)
    )


async def is_adopted(session: AsyncSession, transfer_id: str) -> bool:
    """True if an attempt is written down as having made this transfer."""
    found = select(PayoutAttempt.payout_id).where(PayoutAttempt.transfer_id == transfer_id)
    return await session.scalar(found) is not None


async def accounts_paid_since(session: AsyncSession, since: datetime) -> Sequence[str]:
    """The accounts that money was sent to since then: it may still be on its way to a bank."""
    found = await session.scalars(
        select(PayoutAttempt.account_id)
        .where(
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
            PayoutAttempt.settled_at >= since,
        )
        .distinct()
        .order_by(PayoutAttempt.account_id)
    )
    return found.all()


async def open_before(
    session: AsyncSession, payout_id: str, number: int
) -> Sequence[PayoutAttempt]:
    """Earlier attempts of which nobody knows whether the money has moved."""
    found = await session.scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.payout_id == payout_id, PayoutAttempt.number < number)
        .order_by(PayoutAttempt.number)
    )
    return [attempt for attempt in found if attempt.outcome in UNSETTLED]


async def take_turn(
    session: AsyncSession, wanted: PayoutAttempt, at: datetime
) -> PayoutAttempt:  # fmt: skip
    """Make the attempt, or take it over, for one call; to be committed before the call.

    Gives the attempt as it stands: what it sends, is on its row, as a new one takes along what
    waits for company (`store.riders`). It may be sent only if its ``sender`` is the wanted one:
    otherwise it, or another attempt of the payout, has its outcome already.

    Args:
        session: a transaction of its own.
        wanted: the attempt with ``sender`` (who sends, unique by call) and ``sending_until``.
        at: the time now.

    Raises:
        Unavailable: an older attempt, or somebody who was sending one, may still move the money,
            or the payment goes along with another one.
        AccountBusy: another payment is just being sent to the same account.
        NotAllowed: a newer attempt was made, so this one is over.
        ContentConflict: the attempt exists with another request.
        PayeeChanged: the payment was released for another account; no attempt was made.
    """
    attempts = await locked_attempts(session, wanted.payout_id)
    for each in attempts:
        if each.transfer_id:
            return each
    if any(each.number > wanted.number for each in attempts):
        raise NotAllowed(f"payout {wanted.payout_id} has a newer attempt than {wanted.number}")
    for earlier in attempts:
        if earlier.number < wanted.number:
            _refuse_while_open(earlier, at)
    stored = next((each for each in attempts if each.number == wanted.number), None)
    if stored is None:
        await _keep_to_payee(session, wanted)
        await riders.refuse_while_riding(session, wanted.payout_id, at)
        await refuse_while_busy(session, wanted, at)
        await riders.begin(session, wanted, at)
        return wanted
    if stored.outcome not in UNSETTLED:
        return stored
    if stored.request_hash != wanted.request_hash:
        raise ContentConflict(
            f"attempt {wanted.number} of payout {wanted.payout_id} was made with another request",
            hint="account or amount changed after the attempt began: look at the payout's attempts",
        )
    await refuse_while_busy(session, wanted, at)
    stored.late_until = _later(stored.late_until, stored.sending_until)
    stored.sender, stored.sending_until = wanted.sender, wanted.sending_until
    return stored


async def note_credited(
    session: AsyncSession, payout_id: str, number: int, credited: Credited
) -> None:
    """Keep what arrived in the creator's account; what was read first stays."""
    paid = await session.get_one(PayoutAttempt, (payout_id, number), with_for_update=True)
    if paid.credited_minor is None:
        paid.credited_minor, paid.credited_currency = credited.amount_minor, credited.currency


async def has_turn(session: AsyncSession, payout_id: str, number: int, sender: str) -> bool:
    """True while the attempt is open and nobody else has taken it over."""
    stored = await session.get(PayoutAttempt, (payout_id, number))
    return stored is not None and stored.sender == sender and stored.outcome in UNSETTLED


async def settle_attempt(
    session: AsyncSession,
    payout_id: str,
    number: int,
    result: TransferResult,
    at: datetime,
    sender: str | None = None,
) -> None:
    """Write down what became of an attempt; a transfer is adopted once and never taken back.

    A transfer counts whoever reports it. Anything else counts only from the one whose turn it is,
    and only while the attempt is open: a late answer does not open it again.

    Raises:
        NotFound: there is no such attempt.
        ContentConflict: the attempt has another transfer already.
    """
    stored = await session.get(PayoutAttempt, (payout_id, number), with_for_update=True)
    if stored is None:
        raise NotFound(f"payout {payout_id} has no attempt {number}")
    if stored.transfer_id:
        if result.transfer_id not in {"", stored.transfer_id}:
            raise ContentConflict(f"attempt {number} of payout {payout_id} has two transfers")
        return
    late = stored.outcome not in UNSETTLED
    if result.transfer_id:
        await _refuse_second_owner(session, result.transfer_id)
    elif stored.outcome not in UNSETTLED or sender not in {None, stored.sender}:
        return
    stored.outcome = result.outcome.value
    stored.transfer_id = result.transfer_id or None
    stored.code = result.code
    stored.settled_at = at
    stored.sender = ""
    if stored.outcome not in UNSETTLED:
        stored.sending_until = None
        await riders.keep_or_free(session, stored, at)
        if late:
            # It was believed not to be there: what it pays may have been paid otherwise meanwhile.
            await shares.tell_too_much(session, stored, at)


async def give_up_attempt(
    session: AsyncSession, payout_id: str, number: int, key: str, at: datetime, *, spent: bool
) -> PayoutAttempt:
    """Close an attempt that the provider does not know, so that nobody sends it any more.

    One that was never made is closed as well: somebody may be just about to make it.

    Args:
        session: a transaction of its own.
        payout_id: the payout.
        number: the attempt's number.
        key: its idempotency key.
        at: the time now.
        spent: the provider keeps a failure under the key, so even a late call moves nothing.

    Raises:
        Unavailable: somebody's call may still have an effect.
    """
    attempts = await locked_attempts(session, payout_id)
    stored = next((each for each in attempts if each.number == number), None)
    if stored is None:
        stored = PayoutAttempt(
            payout_id=payout_id, number=number, key=key, request_hash="", account_id="",
            amount_minor=0, code="", first_sent_at=at, sender="",
        )  # fmt: skip
        session.add(stored)
    if stored.outcome not in UNSETTLED:
        return stored
    if stored.outcome == TransferOutcome.UNDER_WAY:
        raise Unavailable(f"attempt {number} of payout {payout_id} is at the bank")
    over = _later(stored.late_until, stored.sending_until)
    if not spent and over is not None and over > at:
        raise Unavailable(f"attempt {number} of payout {payout_id} may still be on its way")
    stored.outcome, stored.settled_at = TransferOutcome.NOT_FOUND.value, at
    # Neither a call that is over nor a spent key can move money: the next attempt need not wait.
    stored.sending_until = stored.late_until = None
    await session.flush()
    await riders.keep_or_free(session, stored, at)
    return stored


def _number(attempt: str) -> int:
    return int(attempt) if attempt.isdecimal() and len(attempt) < 6 else 0


async def adopt_transfer(
    session: AsyncSession, payout_id: str, transfer: RailTransfer, at: datetime
) -> bool:
    """Write down a transfer that the provider has; False if its attempt was never made.

    Whose name a transfer carries says who wrote it there, not that it is what the attempt asked
    for: sum, currency and account are compared.

    Raises:
        ContentConflict: it is another sum or went to another account, or is not the only one.
    """
    number = _number(transfer.attempt)
    made = await session.get(PayoutAttempt, (payout_id, number))
    if made is None:
        return False
    payout = await session.get_one(Payout, payout_id)
    # One that was given up before it began has neither sum nor account: then the release's count.
    asked = (
        made.amount_minor or payout.sent_minor,
        payout.currency,
        made.account_id or payout.payee_account,
    )
    if (transfer.amount_minor, transfer.currency, transfer.account_id) != asked:
        raise ContentConflict(f"transfer {transfer.id} is not what payout {payout_id} is for")
    result = TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id=transfer.id)
    await settle_attempt(session, payout_id, number, result, at)
    return True


async def take_foreign(
    session: AsyncSession, payout_id: str, number: int, transfer: RailTransfer
) -> TransferResult:
    """Make an attempt of a transfer that was made by hand, if it is what the payment is for.

    Raises:
        Unavailable: another attempt is still open, or the payment goes along with another one.
    """
    for each in await locked_attempts(session, payout_id):
        if each.outcome in UNSETTLED:
            raise Unavailable(f"attempt {each.number} of payout {payout_id} is still open")
    await riders.refuse_while_riding(session, payout_id)
    payout = await session.get_one(Payout, payout_id, populate_existing=True)
    account = await session.scalar(
        select(Recipient.account_id).where(Recipient.creator_id == payout.creator_id)
    )
    asked = (payout.sent_minor, payout.currency)
    to_the_creator = transfer.account_id in {account, payout.payee_account}
    whole = (transfer.amount_minor, transfer.currency) == asked and not transfer.reversed_minor
    if not (whole and to_the_creator):
        return TransferResult(outcome=TransferOutcome.REFUSED, code="foreign_differs")
    await _refuse_second_owner(session, transfer.id)
    made = PayoutAttempt(
        payout_id=payout_id, number=number, key=attempt_key(payout_id, number), request_hash="",
        account_id=transfer.account_id, amount_minor=payout.sent_minor, code=BY_HAND, sender="",
        outcome=TransferOutcome.TRANSFERRED.value, transfer_id=transfer.id,
        first_sent_at=transfer.created_at, settled_at=transfer.created_at,
    )  # fmt: skip
    session.add(made)
    return TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id=transfer.id)


async def sent_or_unsettled(
    session: AsyncSession, payout_id: str, at: datetime | None = None
) -> bool:
    """True if an attempt has moved the money, or nobody knows of one whether it has.

    An attempt of another payment counts that takes this one along. With the time now, also if an
    earlier worker may still be sending one that is settled.
    """
    rows = await session.execute(
        select(PayoutAttempt.outcome, PayoutAttempt.late_until).where(
            PayoutAttempt.payout_id == payout_id
        )
    )
    over = {*UNSETTLED, TransferOutcome.TRANSFERRED.value}
    own = any(
        outcome in over or (at is not None and late is not None and late > at)
        for outcome, late in rows
    )
    return own or await riders.is_riding(session, payout_id, at)


async def may_have_moved(session: AsyncSession, payout_id: str) -> bool:
    """True if an open attempt was sent by a call whose end is not known.

    An attempt of which every call was refused for its key has moved nothing.
    """
    found = await session.scalars(select(PayoutAttempt).where(PayoutAttempt.payout_id == payout_id))
    return any(
        each.outcome in UNSETTLED and bool(each.outcome or each.sending_until or each.late_until)
        for each in found
    )


async def pays(session: AsyncSession, attempt: PayoutAttempt) -> list[str]:
    """The payments that an attempt is for: its own, and those that go along in it."""
    along = await riders.riders_of(session, attempt.payout_id)
    mine = (each.rider_id for each in along if each.number == attempt.number)
    return [attempt.payout_id, *mine]


async def _keep_to_payee(session: AsyncSession, wanted: PayoutAttempt) -> None:
    """A release given before there was any account is for the first one that the creator makes."""
    payout = await session.get_one(Payout, wanted.payout_id, populate_existing=True)
    if payout.payee_account is None:
        payout.payee_account = wanted.account_id
    elif payout.payee_account != wanted.account_id:
        raise PayeeChanged(
            f"payout {payout.id} was released for another account than the creator has now",
            hint="ask the creator, in a way that you know, and release it anew",
        )


def _refuse_while_open(earlier: PayoutAttempt, at: datetime) -> None:
    what = f"attempt {earlier.number} of payout {earlier.payout_id}"
    if earlier.outcome in UNSETTLED:
        raise Unavailable(f"{what} is still open")
    if earlier.late_until is not None and earlier.late_until > at:
        # Refused when it was taken over: whoever was sending it before may be refused later.
        raise Unavailable(f"{what} may still be on its way from an earlier worker")


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)


async def locked_attempts(session: AsyncSession, payout_id: str) -> list[PayoutAttempt]:
    """Every attempt of a payout, oldest first; nobody else begins, takes or gives up one now."""
    lock = select(Payout.id).where(Payout.id == payout_id).with_for_update(key_share=True)
    if await session.scalar(lock) is None:
        raise NotFound(f"there is no payout {payout_id}")
    found = await session.scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.payout_id == payout_id)
        .order_by(PayoutAttempt.number)
        .with_for_update()
    )
    return list(found)


async def _refuse_second_owner(session: AsyncSession, transfer_id: str) -> None:
    if await is_adopted(session, transfer_id):
        raise ContentConflict(f"transfer {transfer_id} belongs to another attempt already")
