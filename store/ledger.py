"""The ledger: double entry, append-only, and no account that matters can be overdrawn.

Each movement takes from one account and gives to another. Debits are positive, credits negative,
so every transaction sums to zero. Balances are kept beside the entries, in rows that are locked
while a movement is written: a hundred signatures in the same second queue up for the budget, and
the one that no longer fits is refused by the database itself.

The database moves the balances, by what is entered, and nobody else can; it refuses entries that
are not what their transaction moves. It also dates every transaction, not before the moment in
which it is written, so that what was read until an earlier moment never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, func, select, tuple_
from sqlalchemy.dialects.postgresql import array, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import ContentConflict, Overdrawn
from domain.messages import Posting
from store.accounts import AVAILABLE, CONTRA, MOVEMENTS, OF_A_CREATOR, UNGUARDED, Balances
from store.ledger_reports import Statement, StatementLine, check, statement
from store.tables import LedgerAccount, LedgerEntry, LedgerTransaction

__all__ = [
    "AVAILABLE",
    "Balances",
    "Statement",
    "StatementLine",
    "balances",
    "check",
    "post",
    "post_all",
    "statement",
]

_OVERDRAFT_CONSTRAINT = "no_overdraft"


class _Key(NamedTuple):
    name: str
    owner_id: str


@dataclass(frozen=True)
class _Movement:
    """A posting with everything that it is about."""

    campaign_id: str | None
    creator_id: str | None
    collaboration_id: str | None
    payout_id: str | None
    posting: Posting
    currency: str
    at: datetime

    @property
    def accounts(self) -> tuple[_Key, _Key]:
        """The account debited and the account credited."""
        taken, given = (self._key(name) for name in MOVEMENTS[self.posting.kind])
        return taken, given

    def _key(self, name: str) -> _Key:
        if name not in OF_A_CREATOR:
            return _Key(name, "")
        if not self.creator_id:
            raise ValueError(f"a {self.posting.kind} posting needs its creator")
        return _Key(name, self.creator_id)


async def post(
    session: AsyncSession,
    campaign_id: str | None,
    creator_id: str | None,
    collaboration_id: str | None,
    payout_id: str | None,
    posting: Posting,
    currency: str,
    at: datetime,
) -> None:
    """Write one movement; the same movement again changes nothing.

    What is of no campaign is what the provider takes for its service.

    Raises:
        Overdrawn: the account does not hold so much; the session's transaction is lost.
        ContentConflict: the key stands for another movement.
    """
    await post_all(
        session, campaign_id, creator_id, collaboration_id, payout_id, (posting,), currency, at
    )


async def post_all(
    session: AsyncSession,
    campaign_id: str | None,
    creator_id: str | None,
    collaboration_id: str | None,
    payout_id: str | None,
    postings: Sequence[Posting],
    currency: str,
    at: datetime,
) -> None:
    """Write several movements of one event, with all their accounts locked first.

    Raises:
        Overdrawn: as `post`.
        ContentConflict: as `post`.
    """
    movements = [
        _Movement(campaign_id, creator_id, collaboration_id, payout_id, posting, currency, at)
        for posting in postings
        if posting.amount_minor
    ]
    if any(movement.posting.amount_minor < 0 for movement in movements):
        raise ValueError("a posting's amount is negative; the opposite movement has its own kind")
    if not movements:
        return
    wanted = sorted({key for movement in movements for key in movement.accounts})
    accounts = await _locked_accounts(session, campaign_id, currency, wanted)
    for movement in movements:
        await _write(session, movement, accounts)


async def _locked_accounts(
    session: AsyncSession, campaign_id: str | None, currency: str, wanted: list[_Key]
) -> dict[_Key, int]:
    query = select(LedgerAccount.name, LedgerAccount.owner_id, LedgerAccount.id).where(
        LedgerAccount.campaign_id == campaign_id,
        LedgerAccount.currency == currency,
        tuple_(LedgerAccount.name, LedgerAccount.owner_id).in_(wanted),
    )
    found = {_Key(name, owner): id_ for name, owner, id_ in await session.execute(query)}
    missing = [key for key in wanted if key not in found]
    for key in missing:
        opened = insert(LedgerAccount).values(
            campaign_id=campaign_id,
            name=key.name,
            owner_id=key.owner_id,
            currency=currency,
            normal="debit" if key.name in CONTRA else "credit",
            guarded=key.name not in UNGUARDED,
            balance_minor=0,
        )
        await session.execute(opened.on_conflict_do_nothing())
    if missing:
        found = {_Key(name, owner): id_ for name, owner, id_ in await session.execute(query)}
    # In the order of their names, always: who wants the same ones queues and never deadlocks.
    await session.execute(select(func.ledger_lock(array(list(found.values()), type_=BigInteger))))
    return found


async def _write(session: AsyncSession, movement: _Movement, accounts: dict[_Key, int]) -> None:
    posting = movement.posting
    content = {
        "kind": posting.kind.value,
        "campaign_id": movement.campaign_id,
        "collaboration_id": movement.collaboration_id,
        "payout_id": movement.payout_id,
        "amount_minor": posting.amount_minor,
        "currency": movement.currency,
    }
    written = await session.scalar(
        insert(LedgerTransaction)
        .values(key=posting.key, at=movement.at, **content)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(LedgerTransaction.id)
    )
    if written is None:
        await _same_or_conflict(session, posting.key, content)
        return
    await _enter(session, movement, written, accounts)


async def _enter(
    session: AsyncSession, movement: _Movement, transaction: int, accounts: dict[_Key, int]
) -> None:
    """Both sides in one statement: the database looks at their sum and moves the balances."""
    amount = movement.posting.amount_minor
    debited, credited = movement.accounts
    sides = ((debited, amount), (credited, -amount))
    entries = [
        {"transaction_id": transaction, "account_id": accounts[key], "signed_minor": signed}
        for key, signed in sides
    ]
    try:
        await session.execute(insert(LedgerEntry).values(entries))
    except IntegrityError as error:
        diagnosis = getattr(error.orig, "diag", None)
        if getattr(diagnosis, "constraint_name", None) != _OVERDRAFT_CONSTRAINT:
            raise
        # Only what is taken from can be overdrawn: what counts as debit is not guarded.
        raise Overdrawn(
            f"'{debited.name}' holds less than {amount}", account=debited.name
        ) from error


async def _same_or_conflict(
    session: AsyncSession, key: str, content: dict[str, str | int | None]
) -> None:
    there = await session.scalar(select(LedgerTransaction).where(LedgerTransaction.key == key))
    if there is None or any(getattr(there, name) != value for name, value in content.items()):
        raise ContentConflict(f"the ledger's key '{key}' stands for another movement")


async def balances(session: AsyncSession, campaign_id: str) -> Balances:
    """How much of the budget is free, reserved, owed, on its way and paid."""
    rows = await session.execute(
        select(LedgerAccount.name, LedgerAccount.currency, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.campaign_id == campaign_id)
        .group_by(LedgerAccount.name, LedgerAccount.currency)
    )
    return Balances.of(rows)
