"""Signed-in browsers: the cookie holds a random token, the row its SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.tables import DeskSession, Staff

IDLE = timedelta(hours=4)
"""A browser that was not used for so long has to sign in again."""

ABSOLUTE = timedelta(hours=16)
"""After so long everybody signs in again: a working day and what may follow it."""

_TOUCH_EVERY = timedelta(minutes=1)
"""The row is written at most so often, so that a page that refreshes itself stays a read."""


@dataclass(frozen=True)
class SignedIn:
    """Who is sitting at the browser."""

    staff_id: str
    name: str
    email: str
    roles: frozenset[str]
    timezone: str
    csrf: str
    since: datetime
    """When the password was last given."""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(session: AsyncSession, staff_id: str, at: datetime) -> str:
    """Sign somebody in; the answer is the cookie's value and is stored nowhere."""
    token = secrets.token_urlsafe(32)
    session.add(
        DeskSession(
            token_hash=_hash(token),
            staff_id=staff_id,
            csrf=secrets.token_urlsafe(24),
            created_at=at,
            seen_at=at,
            expires_at=at + ABSOLUTE,
        )
    )
    await session.execute(delete(DeskSession).where(DeskSession.expires_at < at))
    return token


async def read_session(
    session: AsyncSession, token: str, at: datetime, *, by_hand: bool = True
) -> SignedIn | None:
    """Who this cookie is, with the roles of this moment; None if it is no longer good.

    Args:
        session: the transaction.
        token: the cookie's value.
        at: now.
        by_hand: a person did something; a page that refreshes itself keeps nobody signed in.
    """
    if not token:
        return None
    found = (
        await session.execute(
            select(DeskSession, Staff)
            .join(Staff, Staff.id == DeskSession.staff_id)
            .where(DeskSession.token_hash == _hash(token))
            .where(DeskSession.expires_at > at)
            .where(DeskSession.seen_at > at - IDLE)
            .where(Staff.active)
        )
    ).first()
    if found is None:
        return None
    row, staff = found
    if by_hand and at - row.seen_at > _TOUCH_EVERY:
        await session.execute(
            update(DeskSession)
            .where(DeskSession.token_hash == row.token_hash)
            .values(seen_at=at)
            .execution_options(synchronize_session=False)
        )
    return SignedIn(
        staff_id=staff.id,
        name=staff.name,
        email=staff.email,
        roles=frozenset(str(role) for role in staff.roles),
        timezone=staff.timezone,
        csrf=row.csrf,
        since=row.created_at,
    )


async def renew_proof(session: AsyncSession, token: str, at: datetime) -> None:
    """The person at this browser has just proved again who they are."""
    await session.execute(
        update(DeskSession)
        .where(DeskSession.token_hash == _hash(token))
        .values(created_at=at)
        .execution_options(synchronize_session=False)
    )


async def close_session(session: AsyncSession, token: str) -> None:
    """Sign out: the cookie is worth nothing from now on."""
    await session.execute(delete(DeskSession).where(DeskSession.token_hash == _hash(token)))
