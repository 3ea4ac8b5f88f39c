"""Payments by bank transfer: ordered, put into one file each, and confirmed by the bank.

An order and its attempt's outcome are written in one transaction, under the payout's lock: there is
no moment in which one is there without the other, so a bank transfer is never in doubt.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import ACCOUNT_REFUSED, CURRENCY, OrderState, end_to_end_id
from domain.errors import NotFound
from domain.messages import TransferOutcome, TransferResult
from domain.payments import RailTransfer
from store.attempts import UNSETTLED, locked_attempts, settle_attempt
from store.external_events import store_event
from store.tables import (
    BankAccount,
    BankFile,
    BankOrder,
    Collaboration,
    Creator,
    Payout,
    Recipient,
)

SOURCE = "bank"
"""Whose events these are; the sweep hands them to their payments."""

ANSWERED = "bank.answered"
"""Type of the event: an attempt has its outcome, and its payment is to be woken."""

RETURNED = "transfer.reversed"
"""Type of the event: money came back. Handled like a transfer that was taken back at Stripe."""

MOST = 1000
"""Payments in one file; the others are for the next one."""

_READY = (BankOrder.state == OrderState.WAITING.value, Collaboration.suspended.is_(False))
"""For the next file, with payment and collaboration joined."""

MOVED = (OrderState.BOOKED.value, OrderState.RETURNED.value)


@dataclass(frozen=True)
class FileLine:
    """A file, with what the bank has said about it."""

    id: str
    made_at: datetime
    payments: int
    total_minor: int
    open: int
    """Payments of which the bank has said nothing final."""


@dataclass(frozen=True)
class WaitingLine:
    """A payment that is ordered and in no file yet."""

    payout_id: str
    collaboration_id: str
    name: str
    handle: str
    amount_minor: int
    ordered_at: datetime
    suspended: bool
    """It waits for its collaboration, too."""


async def place(
    session: AsyncSession, payout_id: str, number: int, account_id: str, amount_minor: int,
    at: datetime,
) -> TransferResult:  # fmt: skip
    """Order an attempt; asking twice orders once. One with an outcome is answered from its row.

    Raises:
        NotFound: there is no such attempt.
    """
    attempts = await locked_attempts(session, payout_id)
    attempt = next((each for each in attempts if each.number == number), None)
    if attempt is None:
        raise NotFound(f"payout {payout_id} has no attempt {number}")
    if attempt.outcome not in UNSETTLED:
        return TransferResult(
            outcome=TransferOutcome(attempt.outcome or ""), code=attempt.code,
            transfer_id=attempt.transfer_id or "",
        )  # fmt: skip
    reference = end_to_end_id(payout_id, number)
    if await session.get(BankOrder, reference) is None:
        session.add(
            BankOrder(
                end_to_end_id=reference,
                payout_id=payout_id,
                attempt=number,
                account_id=account_id,
                amount_minor=amount_minor,
                state=OrderState.WAITING.value,
                ordered_at=at,
                code="",
                returned_minor=0,
            )
        )
        attempt.outcome, attempt.settled_at = TransferOutcome.UNDER_WAY.value, at
        await session.flush()
    return TransferResult(outcome=TransferOutcome.UNDER_WAY)


async def take(session: AsyncSession, by: str, at: datetime) -> list[tuple[BankOrder, BankAccount]]:
    """What goes into the next file, locked until it is kept; oldest first.

    A payment whose creator has given another account since is not among them: it goes back to
    release, as any payment does whose payee has changed. Nor is one to an account that the bank
    could not pay into: it is held until the creator gives another. One whose collaboration is
    suspended keeps waiting: it may lie here for days, and a suspension holds payments.
    """
    rows = await session.execute(
        select(BankOrder, BankAccount, Recipient)
        .join(BankAccount, BankAccount.id == BankOrder.account_id)
        .join(Recipient, Recipient.creator_id == BankAccount.creator_id)
        .join(Payout, Payout.id == BankOrder.payout_id)
        .join(Collaboration, Collaboration.id == Payout.collaboration_id)
        .where(*_READY)
        .order_by(BankOrder.ordered_at, BankOrder.end_to_end_id)
        .limit(MOST)
        .with_for_update(of=BankOrder)
    )
    taken = []
    for order, account, now in rows.all():
        if now.account_id != account.id:
            result = TransferResult(outcome=TransferOutcome.PAYEE_CHANGED, code="payee_changed")
        elif ACCOUNT_REFUSED in now.requirements:
            result = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code=ACCOUNT_REFUSED)
        else:
            taken.append((order, account))
            continue
        await answer(session, order, OrderState.WITHDRAWN, result, by, at)
    return taken


async def withdraw(session: AsyncSession, payout_id: str, by: str, at: datetime) -> bool:
    """Take back the order of a payment that a person stops; the attempt has never happened.

    False if it is in a file, or is being put into one at this moment: nobody waits for that, as
    whoever makes a file may be waiting for the payment.
    """
    order = await session.scalar(
        select(BankOrder)
        .where(BankOrder.payout_id == payout_id, BankOrder.state == OrderState.WAITING.value)
        .with_for_update(skip_locked=True)
    )
    if order is None:
        return False
    result = TransferResult(outcome=TransferOutcome.NOT_FOUND, code=OrderState.WITHDRAWN.value)
    await answer(session, order, OrderState.WITHDRAWN, result, by, at)
    return True


async def keep(
    session: AsyncSession, message_id: str, content: bytes, orders: Sequence[BankOrder], by: str,
    at: datetime,
) -> BankFile:  # fmt: skip
    """Keep the file and mark what is in it, in the transaction that took it."""
    file = BankFile(
        id=message_id, content=content, payments=len(orders), made_by=by, made_at=at,
        total_minor=sum(each.amount_minor for each in orders),
    )  # fmt: skip
    session.add(file)
    await session.flush()
    for order in orders:
        order.state, order.file_id = OrderState.IN_FILE.value, message_id
    await session.flush()
    return file


async def answer(
    session: AsyncSession, order: BankOrder, state: OrderState, result: TransferResult, by: str,
    at: datetime,
) -> None:  # fmt: skip
    """Write down what became of an order and its attempt, and have the payment woken."""
    order.state, order.code = state.value, result.code
    order.confirmed_at, order.confirmed_by = at, by
    await settle_attempt(session, order.payout_id, order.attempt, result, at)
    await tell(session, ANSWERED, order, at)


async def tell(session: AsyncSession, kind: str, order: BankOrder, at: datetime) -> None:
    """Store the event that the sweep hands on."""
    name = f"{order.end_to_end_id}:{order.state}"
    payload = {
        "id": name, "type": kind, "thin": True, "livemode": True,
        "object_id": order.end_to_end_id, "transfer_group": order.payout_id,
    }  # fmt: skip
    await store_event(session, SOURCE, name, kind, payload, at)


async def waiting(session: AsyncSession) -> tuple[int, int]:
    """Payments for the next file, and their sum in cents."""
    row = (
        await session.execute(
            select(func.count(), func.coalesce(func.sum(BankOrder.amount_minor), 0))
            .select_from(BankOrder)
            .join(Payout, Payout.id == BankOrder.payout_id)
            .join(Collaboration, Collaboration.id == Payout.collaboration_id)
            .where(*_READY)
        )
    ).one()
    return int(row[0]), int(row[1])


async def waiting_lines(
    session: AsyncSession, size: int = 50, *, payout_ids: Collection[str] | None = None
) -> list[WaitingLine]:
    """What waits for a file, oldest first, suspended or not; or which of some payments do."""
    query = (
        select(
            BankOrder.payout_id, Payout.collaboration_id, Creator.name, Creator.handle,
            BankOrder.amount_minor, BankOrder.ordered_at, Collaboration.suspended,
        )
        .join(Payout, Payout.id == BankOrder.payout_id)
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Collaboration, Collaboration.id == Payout.collaboration_id)
        .where(BankOrder.state == OrderState.WAITING.value)
        .order_by(BankOrder.ordered_at, BankOrder.end_to_end_id)
        .limit(size)
    )  # fmt: skip
    if payout_ids is not None:
        query = query.where(BankOrder.payout_id.in_(list(payout_ids)))
    return [WaitingLine(*row) for row in await session.execute(query)]


async def files(session: AsyncSession, size: int = 50) -> list[FileLine]:
    """The newest files."""
    open_ = (
        select(func.count())
        .where(BankOrder.file_id == BankFile.id, BankOrder.state == OrderState.IN_FILE.value)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(BankFile.id, BankFile.made_at, BankFile.payments, BankFile.total_minor, open_)
        .order_by(BankFile.made_at.desc(), BankFile.id)
        .limit(size)
    )
    return [FileLine(*row) for row in rows]


async def file_content(session: AsyncSession, message_id: str) -> bytes | None:
    """A file as it was first handed out."""
    return await session.scalar(select(BankFile.content).where(BankFile.id == message_id))


async def order_of(session: AsyncSession, reference: str) -> BankOrder | None:
    """One order, locked."""
    return await session.get(BankOrder, reference, with_for_update=True)


async def orders_in(session: AsyncSession, message_id: str) -> list[str]:
    """References of everything in a file."""
    found = await session.scalars(
        select(BankOrder.end_to_end_id)
        .where(BankOrder.file_id == message_id)
        .order_by(BankOrder.end_to_end_id)
    )
    return list(found)


async def transfers(
    session: AsyncSession, *, payout_id: str = "", reference: str = "",
    since: datetime | None = None, until: datetime | None = None,
) -> tuple[RailTransfer, ...]:  # fmt: skip
    """What the bank has carried out: the list that our books are compared with."""
    query = select(BankOrder).where(BankOrder.state.in_(MOVED))
    if payout_id:
        query = query.where(BankOrder.payout_id == payout_id)
    if reference:
        query = query.where(BankOrder.end_to_end_id == reference)
    if since is not None:
        query = query.where(BankOrder.ordered_at >= since)
    if until is not None:
        query = query.where(BankOrder.ordered_at < until)
    rows = await session.scalars(query.order_by(BankOrder.ordered_at.desc()))
    return tuple(
        RailTransfer(
            id=row.end_to_end_id, account_id=row.account_id, amount_minor=row.amount_minor,
            reversed_minor=row.returned_minor, currency=CURRENCY, transfer_group=row.payout_id,
            attempt=str(row.attempt), created_at=row.ordered_at,
        )
        for row in rows
    )  # fmt: skip
