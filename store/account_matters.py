"""What is the matter with the brand's account at the provider: in finance's inbox, once each."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.inbox import ItemKind
from domain.messages import OpenItem
from store import items
from store.tables import AccountMatter, Staff

SUBJECT = "account"


async def note(
    session: AsyncSession, code: MatterCode, currency: str, amount_minor: int, at: datetime
) -> AccountMatter:
    """Put a matter into finance's inbox, or renew the open one; gives its row.

    Args:
        session: a transaction; the caller makes sure that nobody else notes at the same time.
        code: what is the matter.
        currency: in which currency.
        amount_minor: how much it is about now.
        at: the time now.
    """
    there = await current(session, code, currency)
    if there is None:
        there = AccountMatter(
            id=f"mat_{secrets.token_hex(10)}", code=code.value, currency=currency, opened_at=at,
            said="",
        )  # fmt: skip
        session.add(there)
    there.amount_minor, there.changed_at = amount_minor, at
    await session.flush()
    item = OpenItem(kind=ItemKind.ACCOUNT, code=code.value, seen=f"{amount_minor}{currency}")
    await items.open_item(session, item, SUBJECT, there.id, None, int(at.timestamp()), at)
    return there


async def current(session: AsyncSession, code: MatterCode, currency: str) -> AccountMatter | None:
    """The open matter of this kind; None if there is none."""
    return await session.scalar(
        select(AccountMatter).where(
            AccountMatter.code == code.value,
            AccountMatter.currency == currency,
            AccountMatter.settled_at.is_(None),
        )
    )


async def gone(session: AsyncSession, code: MatterCode, currency: str, at: datetime) -> None:
    """It is not so any more: nobody has to do anything about it."""
    there = await current(session, code, currency)
    if there is not None:
        await settle(session, there.id, at)


async def settle(
    session: AsyncSession, matter_id: str, at: datetime, by: str | None = None, said: str = ""
) -> bool:
    """End a matter; False if it was over already.

    Args:
        session: a transaction.
        matter_id: the matter.
        at: the time now.
        by: the person; None if it is gone by itself.
        said: what it was, in the person's words.
    """
    ended = await session.execute(
        update(AccountMatter)
        .where(AccountMatter.id == matter_id, AccountMatter.settled_at.is_(None))
        .values(settled_at=at, settled_by=by, said=said)
        .returning(AccountMatter.id)
    )
    if ended.one_or_none() is None:
        return False
    await items.close_items(session, matter_id, (ItemKind.ACCOUNT,), at)
    return True


async def matter(session: AsyncSession, matter_id: str) -> tuple[AccountMatter, str] | None:
    """One matter, open or settled, and the name of who settled it."""
    found = await session.execute(
        select(AccountMatter, func.coalesce(Staff.name, ""))
        .outerjoin(Staff, Staff.id == AccountMatter.settled_by)
        .where(AccountMatter.id == matter_id)
    )
    row = found.one_or_none()
    return (row[0], row[1]) if row else None
