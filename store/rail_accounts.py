"""From which account at the provider payments are made, remembered for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from store.engine import session as transaction
from store.tables import RailAccount


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
        """
        async with transaction(self._engine) as session:
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
