"""When nothing is paid because the provider refuses our key, and which payments wait for that."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import HoldReason
from store.tables import Payout, RailStop

_WAITS = Payout.hold_reason == HoldReason.RAIL_STOPPED.value


@dataclass(frozen=True)
class Standstill:
    """An open stop, and how many payments wait for its end."""

    stop: RailStop
    waiting: int


async def current(session: AsyncSession) -> RailStop | None:
    """The stop that is not over; None while payments go."""
    return await session.scalar(select(RailStop).where(RailStop.resumed_at.is_(None)))


async def standstill(session: AsyncSession) -> Standstill | None:
    """The open stop for a page; one query while payments go."""
    stop = await current(session)
    if stop is None:
        return None
    waiting = await session.scalar(select(func.count()).select_from(Payout).where(_WAITS))
    return Standstill(stop, waiting or 0)


async def stop(session: AsyncSession, said: str, key_mark: str, at: datetime) -> None:
    """Stop every payment; while a stop is open it only learns what was said last.

    Args:
        session: a transaction of its own.
        said: what the provider said, without the key.
        key_mark: which key was refused, without saying it.
        at: the time now.
    """
    row = {"said": said, "key_mark": key_mark}
    await session.execute(
        insert(RailStop)
        .values(id=f"stop_{secrets.token_hex(10)}", stopped_at=at, **row)
        .on_conflict_do_update(
            index_elements=["rail"], index_where=text("resumed_at IS NULL"), set_=row
        )
    )


async def resume(session: AsyncSession, stop_id: str, at: datetime, by: str | None = None) -> bool:
    """End a stop; False if it was over already.

    Args:
        session: a transaction.
        stop_id: the stop.
        at: the time now.
        by: the person; None if the provider accepted another key.
    """
    ended = await session.execute(
        update(RailStop)
        .where(RailStop.id == stop_id, RailStop.resumed_at.is_(None))
        .values(resumed_at=at, resumed_by=by)
        .returning(RailStop.id)
    )
    return ended.one_or_none() is not None


async def to_be_woken(session: AsyncSession, at_most: int) -> Sequence[str]:
    """Payments that wait for the end of a stop which is over; the first to be paid first."""
    if await current(session) is not None:
        return ()
    found = await session.scalars(
        select(Payout.id).where(_WAITS).order_by(Payout.pay_by, Payout.id).limit(at_most)
    )
    return found.all()
