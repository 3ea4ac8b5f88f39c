"""Reading the ledger: is it sound, and what did a campaign's money do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ledger_causes import NOBODY, Cause, Decided, Movement, attempt_of, cause, claim_of
from domain.messages import PostingKind
from store.accounts import UNGUARDED, Balances
from store.ledger_causes import decided_of_campaign
from store.ledger_clock import wait_for_writers
from store.tables import LedgerAccount, LedgerEntry, LedgerTransaction, Payout

PAYMENT_OF = func.coalesce(
    LedgerTransaction.payout_id, func.split_part(LedgerTransaction.key, ":", 2)
)
"""The payment that a movement is about; what is earned names it in its key."""

IN_NORMAL_DIRECTION = case(
    (LedgerAccount.normal == "debit", LedgerEntry.signed_minor), else_=-LedgerEntry.signed_minor
)


@dataclass(frozen=True)
class StatementLine:
    """One movement, as a person reads it."""

    at: datetime
    kind: PostingKind
    amount_minor: int
    collaboration_id: str | None
    payout_id: str | None
    cause: Cause = NOBODY
    """Who let it move, and why."""


@dataclass(frozen=True)
class Statement:
    """A campaign's movements up to a moment, and what they come to."""

    campaign_id: str
    at: datetime
    lines: tuple[StatementLine, ...]
    balances: Balances


async def check(session: AsyncSession) -> list[str]:
    """Every difference between what the ledger says and what it must say; none if it is sound."""
    return [
        *await _unbalanced_transactions(session),
        *await _wrong_balances(session),
        *await _overdrawn_accounts(session),
    ]


async def _unbalanced_transactions(session: AsyncSession) -> list[str]:
    """Transactions that do not sum to zero, miss an entry, or mix currencies."""
    debits = func.coalesce(func.sum(func.greatest(LedgerEntry.signed_minor, 0)), 0)
    query = (
        select(LedgerTransaction.key, func.coalesce(func.sum(LedgerEntry.signed_minor), 0), debits)
        .outerjoin(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .outerjoin(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .group_by(LedgerTransaction.id)
        .having(
            or_(
                func.coalesce(func.sum(LedgerEntry.signed_minor), 0) != 0,
                debits != LedgerTransaction.amount_minor,
                func.count().filter(LedgerAccount.currency != LedgerTransaction.currency) > 0,
            )
        )
        .order_by(LedgerTransaction.id)
    )
    return [
        f"transaction {key}: its entries sum to {total}, its debits to {debit}"
        for key, total, debit in await session.execute(query)
    ]


async def _wrong_balances(session: AsyncSession) -> list[str]:
    summed = func.coalesce(func.sum(IN_NORMAL_DIRECTION), 0)
    query = (
        select(LedgerAccount, summed)
        .outerjoin(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id)
        .having(summed != LedgerAccount.balance_minor)
        .order_by(LedgerAccount.id)
    )
    return [
        f"account {account.id} ({account.name} of {account.campaign_id}): "
        f"balance {account.balance_minor}, entries {total}"
        for account, total in await session.execute(query)
    ]


async def _overdrawn_accounts(session: AsyncSession) -> list[str]:
    query = select(LedgerAccount).where(
        LedgerAccount.balance_minor < 0, LedgerAccount.name.not_in(UNGUARDED)
    )
    return [
        f"account {account.id} ({account.name} of {account.campaign_id}): "
        f"overdrawn by {-account.balance_minor}"
        for account in await session.scalars(query)
    ]


async def statement(session: AsyncSession, campaign_id: str, at: datetime) -> Statement:
    """What a campaign's money did until a moment, and who let it; four statements.

    Of a moment that has passed it is the same whenever it is asked for.
    """
    await wait_for_writers(session)
    query = (
        select(LedgerTransaction, func.coalesce(Payout.id, ""), func.coalesce(Payout.kind, ""))
        .outerjoin(Payout, Payout.id == PAYMENT_OF)
        .where(LedgerTransaction.campaign_id == campaign_id, LedgerTransaction.at <= at)
        .order_by(LedgerTransaction.id)
    )
    decided = await decided_of_campaign(session, campaign_id, at)
    lines = tuple(_line(*row, decided) for row in await session.execute(query))
    until = (LedgerTransaction.campaign_id == campaign_id, LedgerTransaction.at <= at)
    rows = await session.execute(sums().where(*until))
    return Statement(campaign_id, at, lines, Balances.of(rows))


def _line(
    movement: LedgerTransaction, payment: str, milestone: str, decided: Decided
) -> StatementLine:
    kind = PostingKind(movement.kind)
    moved = Movement(
        kind, movement.at, movement.collaboration_id or "", payment, milestone,
        claim_of(kind, movement.key), attempt_of(kind, movement.key),
    )  # fmt: skip
    return StatementLine(
        at=movement.at,
        kind=kind,
        amount_minor=movement.amount_minor,
        collaboration_id=movement.collaboration_id,
        payout_id=movement.payout_id,
        cause=cause(moved, decided),
    )


def sums() -> Select[str, str, Decimal]:
    """Account, currency and sum of all entries; who asks says of which movements."""
    return (
        select(LedgerAccount.name, LedgerAccount.currency, func.sum(IN_NORMAL_DIRECTION))
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .group_by(LedgerAccount.name, LedgerAccount.currency)
    )
