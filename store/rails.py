"""Whose accounts count: those at the rail by which the brand pays now.

`recipients` holds only these, so that whoever reads it (who can be paid, what a release is for,
where money goes) need not know which rail it is. The others lie aside and come back with theirs.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import BANK_ACCOUNT
from store.tables import Recipient, RecipientAside

Table = type[Recipient] | type[RecipientAside]


async def use(session: AsyncSession, *, by_bank: bool, creator_id: str = "") -> None:
    """Let the accounts at one rail count, and lay those at the other one aside.

    Doing it again changes nothing. Of several that come back for one creator, the newest counts.

    Args:
        session: a transaction.
        by_bank: which rail: bank transfers, or the payment provider.
        creator_id: only this creator's; empty for everybody's.
    """
    # Payout workers that start together go one after the other.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("recipients"))))
    await _move(session, Recipient, RecipientAside, creator_id, by_bank=not by_bank)
    await _move(session, RecipientAside, Recipient, creator_id, by_bank=by_bank)


async def _move(
    session: AsyncSession, out_of: Table, into: Table, creator_id: str, *, by_bank: bool
) -> None:
    """One statement, so that an account given meanwhile is moved or stays, and is never lost."""
    there: ColumnElement[bool] = out_of.account_id.startswith(BANK_ACCOUNT, autoescape=True)
    query = delete(out_of).where(there if by_bank else ~there)
    if creator_id:
        query = query.where(out_of.creator_id == creator_id)
    columns = ("account_id", "creator_id", "status", "requirements", "since", "updated_at")
    moved = query.returning(*(getattr(out_of, each) for each in columns)).cte("moved")
    await session.execute(
        insert(into)
        .from_select(list(columns), select(moved).order_by(moved.c.updated_at.desc()))
        .on_conflict_do_nothing()
    )
