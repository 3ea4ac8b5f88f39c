"""Where creators want their money: given in the portal, shown shortened, used in bank files."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import ACCOUNT_REFUSED, BANK_ACCOUNT
from store import payees, rails
from store.bank_orders import SOURCE
from store.external_events import store_account_change
from store.payouts import save_new_recipient
from store.tables import BankAccount, Creator, Recipient


async def current(session: AsyncSession, creator_id: str) -> BankAccount | None:
    """The account that the creator's payments go to."""
    return await session.scalar(
        select(BankAccount)
        .join(Recipient, Recipient.account_id == BankAccount.id)
        .where(Recipient.creator_id == creator_id)
    )


async def refuse(session: AsyncSession, account_id: str, at: datetime) -> None:
    """The bank could not pay into an account: its creator cannot be paid before they speak again.

    Nothing changes if they have given another one since.
    """
    await session.execute(
        update(Recipient)
        .where(Recipient.account_id == account_id)
        .values(status="restricted", requirements=[ACCOUNT_REFUSED], updated_at=at)
    )


async def requirements(session: AsyncSession, account_id: str) -> tuple[str, ...]:
    """What is missing at an account before it can be paid; empty if nothing is."""
    if not await exists(session, account_id):
        return ("account_gone",)
    found = await session.scalar(
        select(Recipient.requirements).where(Recipient.account_id == account_id)
    )
    return tuple(found or ())


async def exists(session: AsyncSession, account_id: str) -> bool:
    """True if it is an account that somebody has given."""
    return await session.get(BankAccount, account_id) is not None


async def given_since(session: AsyncSession, creator_id: str, since: datetime) -> int:
    """How many accounts a creator has given lately."""
    found = await session.scalar(
        select(func.count())
        .select_from(BankAccount)
        .where(BankAccount.creator_id == creator_id, BankAccount.created_at > since)
    )
    return int(found or 0)


async def give(
    session: AsyncSession, creator_id: str, holder: str, iban: str, at: datetime
) -> BankAccount:
    """Remember an account as the creator's; the same one again changes nothing.

    Unless the bank could not pay into it: then it is the creator's word that it can.

    Any other one is a new payee: payments that were released go back to release, and the creator
    gets a mail about it.
    """
    # Two forms that are sent at once are two changes after each other.
    await session.get_one(Creator, creator_id, with_for_update=True)
    known = await current(session, creator_id)
    same = known is not None and (known.holder, known.iban) == (holder, iban)
    if known is not None and same and not await requirements(session, known.id):
        return known
    account = BankAccount(
        id=f"{BANK_ACCOUNT}{secrets.token_hex(10)}",
        creator_id=creator_id,
        holder=holder,
        iban=iban,
        created_at=at,
    )
    session.add(account)
    await session.flush()
    # An account at the payment provider is not lost: the brand may go back to it.
    await rails.use(session, by_bank=True, creator_id=creator_id)
    await save_new_recipient(session, creator_id, account.id, "active", (), at)
    await store_account_change(session, SOURCE, account.id, account.id, live=True, at=at)
    if known is not None and not same:
        await payees.warn(session, creator_id, account.id, at)
    return account
