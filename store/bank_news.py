"""What a bank's confirmation changes: each line once, and nothing that does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from domain.balance_lines import BANK_LINES, BalanceLine
from domain.bank_transfer import CURRENCY, BankNews, NewsKind, OrderState
from domain.ids import derived_id
from domain.messages import TransferOutcome, TransferResult
from store import balance_lines, bank_accounts, bank_orders
from store.tables import BankOrder


class Became(StrEnum):
    """What a line of the bank led to."""

    BOOKED = "booked"
    REJECTED = "rejected"
    RETURNED = "returned"
    ACCEPTED = "accepted"  # nothing final: nothing changes
    KNOWN = "known"  # was imported before
    UNKNOWN = "unknown"  # no payment of ours has this reference
    NOT_SENT = "not_sent"  # the payment was never in a file
    AMOUNT = "amount"  # another amount than was ordered
    CONTRADICTION = "contradiction"  # the bank said something else before
    TWICE = "twice"  # it was known already, but this is another booking of it


CHANGES = frozenset({Became.BOOKED, Became.REJECTED, Became.RETURNED})
STRANGE = frozenset(
    {Became.UNKNOWN, Became.NOT_SENT, Became.AMOUNT, Became.CONTRADICTION, Became.TWICE}
)
"""A person must look at these at the bank."""


_TYPE = dict(
    zip(
        (Became.UNKNOWN, Became.NOT_SENT, Became.AMOUNT, Became.CONTRADICTION, Became.TWICE),
        BANK_LINES,
        strict=True,
    )
)

_BOOKED = OrderState.BOOKED.value


@dataclass(frozen=True)
class Told:
    """One line, and what it led to."""

    reference: str
    became: Became
    code: str = ""
    payout_id: str = ""


async def apply(
    session: AsyncSession, news: Sequence[BankNews], by: str, at: datetime
) -> list[Told]:
    """Apply a confirmation. Twice is once: what is known already changes nothing.

    Orders are locked in one order, so that two people who import at once do not block each other.
    Within one payment, a booking comes before its return, wherever they stand in the file.
    """
    lines = [single for each in news for single in await _singles(session, each)]
    rank = {NewsKind.RETURNED: 1}
    lines.sort(key=lambda each: (each.end_to_end_id, rank.get(each.kind, 0)))
    told = [await _apply(session, each, by, at) for each in lines]
    strange = [
        _strange(line, each, at)
        for line, each in zip(lines, told, strict=True)
        if each.became in STRANGE
    ]
    if strange:
        # Not only in the answer to whoever imports: it is a matter until a person says what it was.
        await balance_lines.record(session, strange, at)
    return told


def _strange(line: BankNews, told: Told, at: datetime) -> BalanceLine:
    """The same line of the same file, imported again, is the same."""
    said = (
        told.reference, told.became.value, line.kind.value, line.bank_reference, line.currency,
        str(line.amount_minor),
    )  # fmt: skip
    euros = line.currency in {"", CURRENCY}
    return BalanceLine(
        id=derived_id("bnk", *said),
        type=_TYPE[told.became],
        currency=CURRENCY,
        amount_minor=max(line.amount_minor or 0, 0) if euros else 0,
        source_id=told.reference,
        created_at=at,
    )


async def _singles(session: AsyncSession, news: BankNews) -> list[BankNews]:
    """The payments that a line is about: one, or every one of a file."""
    if news.end_to_end_id:
        return [news]
    inside = await bank_orders.orders_in(session, news.message_id)
    if not inside:
        return [news.model_copy(update={"end_to_end_id": news.message_id})]
    return [news.model_copy(update={"end_to_end_id": each}) for each in inside]


async def _apply(session: AsyncSession, line: BankNews, by: str, at: datetime) -> Told:
    order = await bank_orders.order_of(session, line.end_to_end_id)
    if order is None:
        return Told(line.end_to_end_id, Became.UNKNOWN, line.code)
    became = _judge(order, line)
    if became in {Became.BOOKED, Became.RETURNED, Became.KNOWN}:
        _keep_reference(order, line)
    if became is Became.BOOKED or (became is Became.RETURNED and order.state != _BOOKED):
        paid = TransferResult(
            outcome=TransferOutcome.TRANSFERRED, transfer_id=order.end_to_end_id
        )  # fmt: skip
        await bank_orders.answer(session, order, OrderState.BOOKED, paid, by, at)
    elif became is Became.REJECTED:
        outcome = TransferOutcome.NOT_ONBOARDED if line.blames_account else TransferOutcome.REFUSED
        refused = TransferResult(outcome=outcome, code=line.code or "rejected_by_bank")
        await bank_orders.answer(session, order, OrderState.REJECTED, refused, by, at)
    if became is Became.RETURNED:
        order.state, order.code = OrderState.RETURNED.value, line.code
        order.returned_minor = order.amount_minor
        order.confirmed_at, order.confirmed_by = at, by
        await bank_orders.tell(session, bank_orders.RETURNED, order, at)
    if became in {Became.REJECTED, Became.RETURNED} and line.blames_account:
        await bank_accounts.refuse(session, order.account_id, at)
    await session.flush()
    return Told(order.end_to_end_id, became, line.code, order.payout_id)


def _keep_reference(order: BankOrder, line: BankNews) -> None:
    if line.kind is NewsKind.BOOKED:
        order.bank_reference = order.bank_reference or line.bank_reference
    elif line.kind is NewsKind.RETURNED:
        order.return_reference = order.return_reference or line.bank_reference


def _is_another(order: BankOrder, line: BankNews) -> bool:
    """True if the bank calls it otherwise than before: it has booked it, or got it back, twice."""
    known = {NewsKind.BOOKED: order.bank_reference, NewsKind.RETURNED: order.return_reference}
    before = known.get(line.kind, "")
    return bool(before and line.bank_reference and before != line.bank_reference)


def _judge(order: BankOrder, line: BankNews) -> Became:
    """What a line means for an order as it stands."""
    if order.file_id is None:
        return Became.NOT_SENT
    if line.amount_minor is not None and (
        line.amount_minor != order.amount_minor or line.currency not in {"", CURRENCY}
    ):
        return Became.AMOUNT
    if line.kind is NewsKind.ACCEPTED:
        return Became.ACCEPTED
    state, said = OrderState(order.state), OrderState(line.kind.value)
    if state is said or (state is OrderState.RETURNED and said is OrderState.BOOKED):
        return Became.TWICE if _is_another(order, line) else Became.KNOWN
    if state is OrderState.IN_FILE and said in {OrderState.BOOKED, OrderState.REJECTED}:
        return Became(said.value)
    # What came back had gone: statements may be imported in any order.
    if said is OrderState.RETURNED and state in {OrderState.IN_FILE, OrderState.BOOKED}:
        return Became.RETURNED
    return Became.CONTRADICTION
