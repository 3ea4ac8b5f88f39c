"""Money that was sent to creators in no payment's name, and what people said that it was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    any_,
    exists,
    func,
    literal,
    select,
    union,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.payments import RailTransfer
from domain.reconciliation import Difference, DifferenceCode, in_our_name, unnamed
from store import items
from store.comparisons import difference_id
from store.tables import Creator, Payout, PayoutAttempt, Recipient, RecipientAside, Staff
from store.tables import StoredDifference as Stored

_OPEN = and_(Stored.gone_at.is_(None), Stored.code == DifferenceCode.UNNAMED.value)

_SHOWN = 20
"""Payments of the creator that are laid beside such a transfer, the newest first."""


@dataclass(frozen=True)
class Beside:
    """What a person needs to tell what a transfer was for."""

    creator: Creator | None
    payments: Sequence[Payout]
    explained_by: str
    """Name of who said what it was; empty if nobody has."""


async def unexplained(
    session: AsyncSession, transfers: Sequence[RailTransfer]
) -> tuple[list[Difference], int]:
    """Transfers to creators in no payment's name, and how many more a person has explained."""
    nobodys = [each for each in transfers if not in_our_name(each)]
    if not nobodys:
        return [], 0
    creators = await _creators_accounts(session, {each.account_id for each in nobodys})
    made = await session.scalars(
        select(PayoutAttempt.transfer_id).where(
            _in(PayoutAttempt.transfer_id, {each.id for each in nobodys})
        )
    )
    found = unnamed(nobodys, creators, {each for each in made if each})
    said = await session.scalars(
        select(Stored.transfer_id).where(
            _in(Stored.id, {difference_id(each) for each in found}),
            Stored.explained_at.is_not(None),
        )
    )
    explained = set(said)
    return [each for each in found if each.transfer_id not in explained], len(explained)


async def _creators_accounts(session: AsyncSession, accounts: Collection[str]) -> set[str]:
    """Those of these accounts at the provider that are a creator's, or were."""
    columns = (Recipient.account_id, RecipientAside.account_id, PayoutAttempt.account_id)
    found = await session.scalars(
        union(*(select(each).where(_in(each, accounts)) for each in columns))
    )
    return set(found)


async def explain(
    session: AsyncSession, identity: str, staff_id: str, explanation: str, at: datetime
) -> bool:
    """A person says what it was, and it is no difference any more; False if that was said before.

    Args:
        session: a transaction.
        identity: the difference.
        staff_id: who says so.
        explanation: in their words.
        at: the time now.
    """
    said = await session.execute(
        update(Stored)
        .where(
            Stored.id == identity,
            Stored.code == DifferenceCode.UNNAMED.value,
            Stored.explained_at.is_(None),
        )
        .values(
            explained_at=at, explained_by=staff_id, explanation=explanation,
            gone_at=func.coalesce(Stored.gone_at, at),
        )
        .returning(Stored.id)
    )  # fmt: skip
    if said.one_or_none() is None:
        return False
    await items.close_items(session, identity, (ItemKind.DIFFERENCE,), at)
    return True


async def beside(session: AsyncSession, found: Stored) -> Beside:
    """Whose account it went to, what is paid or to be paid to them, and who has explained it."""
    whose = union(
        select(Recipient.creator_id).where(Recipient.account_id == found.account_id),
        select(RecipientAside.creator_id).where(RecipientAside.account_id == found.account_id),
        select(Payout.creator_id)
        .join(PayoutAttempt, PayoutAttempt.payout_id == Payout.id)
        .where(PayoutAttempt.account_id == found.account_id),
    ).subquery()
    creator = await session.scalar(
        select(Creator).where(Creator.id.in_(select(whose.c[0]))).limit(1)
    )
    payments = await session.scalars(
        select(Payout)
        .where(Payout.creator_id == (creator.id if creator else ""))
        .order_by(Payout.created_at.desc(), Payout.id)
        .limit(_SHOWN)
    )
    name = await session.scalar(select(Staff.name).where(Staff.id == found.explained_by))
    return Beside(creator, payments.all(), name or "")


async def to_account(session: AsyncSession, account_id: str) -> Sequence[Stored]:
    """What went to an account in no payment's name, and nobody has explained."""
    found = await session.scalars(
        select(Stored)
        .where(_OPEN, Stored.account_id == account_id)
        .order_by(Stored.found_at, Stored.id)
        .limit(_SHOWN)
    )
    return found.all()


def sent_by_hand(account: object) -> ColumnElement[bool]:
    """True if something went to this account in no payment's name, and nobody has explained it."""
    return exists().where(_OPEN, Stored.account_id == account)


def _in(column: object, values: Collection[str]) -> ColumnElement[bool]:
    # One array, not one parameter for each: PostgreSQL takes 65,535 of those at most.
    return column == any_(literal(sorted(values), ARRAY(String)))
