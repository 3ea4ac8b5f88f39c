"""From which account at the provider payments are made, remembered for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.bank_transfer import BANK_ACCOUNT
from domain.errors import UserMistake
from domain.messages import TransferOutcome
from store.engine import session as transaction
from store.tables import PayoutAttempt, RailAccount, Staff

_CHANGES = 7_238_005
"""The lock of PostgreSQL that who changes the account has for themselves, and readers share."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class RailAccounts:
    """What `integrations.own_account.KnownAccounts` wants, in PostgreSQL."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._engine, self._clock = engine, clock

    async def known(self, place: str, found: str) -> str:
        """The account that is in use; the first one that is found becomes it.

        Written once: of several workers that find one at the same moment, one writes, and all read
        the same. Who dies before has written nothing, and the next one asks again.

        An attempt is committed before this is read, and a change waits for whoever is reading: so
        it either sees the attempt and is refused, or the attempt is not sent.
        """
        async with transaction(self._engine) as session:
            await session.execute(select(func.pg_advisory_xact_lock_shared(_CHANGES)))
            row = await current(session, place)
            if row is None:
                await session.execute(
                    insert(RailAccount)
                    .values(place=place, number=1, account_id=found, since=self._clock())
                    .on_conflict_do_nothing()
                )
                row = await current(session, place)
            assert row is not None
            return row.account_id


async def current(session: AsyncSession, place: str) -> RailAccount | None:
    """The account that is in use; None before the first key was asked."""
    return await session.scalar(
        select(RailAccount)
        .where(RailAccount.place == place)
        .order_by(RailAccount.number.desc())
        .limit(1)
    )


async def every(session: AsyncSession) -> Sequence[tuple[RailAccount, str | None]]:
    """The accounts of all places, earlier ones too, each with the address of who named it."""
    rows = await session.execute(
        select(RailAccount, Staff.email)
        .outerjoin(Staff, Staff.id == RailAccount.named_by)
        .order_by(RailAccount.place, RailAccount.number)
    )
    return [(row, named_by) for row, named_by in rows]


async def sent_from_it(session: AsyncSession, place: str) -> Callable[[datetime], bool]:
    """Tells of a time whether what was sent then was sent from the account that is in use now.

    That may have been in use before already, with another one in between.
    """
    found = await session.scalars(
        select(RailAccount).where(RailAccount.place == place).order_by(RailAccount.number)
    )
    rows = found.all()

    def was_sent(at: datetime) -> bool:
        # Before the first change it was the first one, whenever that was written down.
        in_use = [*rows[:1], *(row for row in rows[1:] if row.since < at)]
        return not rows or in_use[-1].account_id == rows[-1].account_id

    return was_sent


async def change(
    session: AsyncSession, place: str, account_id: str, by: str, at: datetime
) -> RailAccount:
    """Let payments be made from another account from now on.

    Args:
        session: a transaction of its own.
        place: where that account is.
        account_id: the account.
        by: the member of staff who says so.
        at: the time now.

    Raises:
        UserMistake: it is the same, no key was asked yet, or of an attempt nobody knows what
            became of it, which only a key of the account it was made from can tell.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_CHANGES)))
    row = await current(session, place)
    if row is None:
        raise UserMistake(
            f"no {place} key has said yet of which account it is",
            hint="the account of the first one that is used is taken",
        )
    if row.account_id == account_id:
        raise UserMistake(f"payments are made from {account_id} already")
    unsure = await session.scalar(
        select(func.count(PayoutAttempt.payout_id.distinct())).where(_is_open(at))
    )
    if unsure:
        raise UserMistake(
            f"of {unsure} {'payment' if unsure == 1 else 'payments'} it is not known yet whether "
            "an attempt has paid",
            hint=f"use a key of {row.account_id} until that is known: ./troupe payouts list "
            "--status sending, --status in_doubt and --status held",
        )
    made = RailAccount(
        place=place, number=row.number + 1, account_id=account_id, since=at, named_by=by
    )
    session.add(made)
    await session.flush()
    return made


def _is_open(at: datetime) -> ColumnElement[bool]:
    """Of an attempt at the provider: it may have moved money, or somebody may still be calling.

    See `store.attempts.may_have_moved`.
    """
    return ~PayoutAttempt.account_id.startswith(BANK_ACCOUNT, autoescape=True) & or_(
        PayoutAttempt.outcome.is_(None)
        & or_(PayoutAttempt.sending_until.is_not(None), PayoutAttempt.late_until.is_not(None)),
        PayoutAttempt.outcome == TransferOutcome.IN_DOUBT.value,
        PayoutAttempt.late_until > at,
    )
