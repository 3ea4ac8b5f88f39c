"""The brand's staff: who they are, what they may do, and their passwords as Argon2 hashes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound, UserMistake
from domain.lifecycle import Role
from domain.staff_mail import Wish
from store.tables import DeskSession, Staff

MIN_PASSWORD_LENGTH = 12

STAFF_ROLES = frozenset(Role) - {Role.CREATOR}

_hasher = PasswordHasher()


async def create_staff(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    roles: Collection[Role],
    password: str,
    at: datetime,
    timezone: str = "UTC",
    mails: Wish = Wish.ON,
) -> str:
    """Add a person and return the id.

    Raises:
        UserMistake: no role, a short password, or the address is taken.
    """
    address = _address(email)
    if await session.scalar(select(Staff.id).where(Staff.email == address)):
        raise UserMistake(f"{address} is taken", hint="change the existing person instead")
    row = Staff(
        id=f"stf_{secrets.token_hex(10)}",
        email=address,
        name=name,
        roles=_roles(roles),
        password_hash=await _hash(password),
        active=True,
        timezone=timezone,
        mails=mails.value,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    return row.id


async def update_staff(
    session: AsyncSession,
    staff_id: str,
    *,
    name: str | None = None,
    roles: Collection[Role] | None = None,
    password: str | None = None,
    timezone: str | None = None,
    mails: Wish | None = None,
) -> None:
    """Change what is given; a new password signs the person out everywhere.

    Raises:
        NotFound: there is no such person.
        UserMistake: no role is left, or the password is short.
    """
    row = await _get(session, staff_id)
    if name is not None:
        row.name = name
    if roles is not None:
        row.roles = _roles(roles)
    if timezone is not None:
        row.timezone = timezone
    if mails is not None:
        row.mails = mails.value
    if password is not None:
        row.password_hash = await _hash(password)
        await _sign_out(session, staff_id)


async def deactivate(session: AsyncSession, staff_id: str) -> None:
    """End a person's access at once; what the person decided stays.

    Raises:
        NotFound: there is no such person.
    """
    row = await _get(session, staff_id)
    row.active = False
    await _sign_out(session, staff_id)


async def list_staff(session: AsyncSession) -> list[Staff]:
    """Everybody, those without access last, by name."""
    rows = await session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id))
    return list(rows)


async def find_by_email(session: AsyncSession, email: str) -> Staff | None:
    """The person with this address, active or not."""
    found: Staff | None = await session.scalar(select(Staff).where(Staff.email == _address(email)))
    return found


async def authenticate(session: AsyncSession, email: str, password: str) -> Staff | None:
    """The active person with this address and password, or None, after the same time."""
    row = await find_by_email(session, email)
    usable = row if row is not None and row.active else None
    stored = usable.password_hash if usable else await asyncio.to_thread(_nobodys_hash)
    right = await asyncio.to_thread(_matches, stored, password)
    if usable is None or not right:
        return None
    if _hasher.check_needs_rehash(usable.password_hash):
        usable.password_hash = await asyncio.to_thread(_hasher.hash, password)
    return usable


@cache
def _nobodys_hash() -> str:
    """Checked when there is no such person, so that the answer takes as long as otherwise."""
    return _hasher.hash(secrets.token_hex(16))


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


async def _hash(password: str) -> str:
    if len(password) < MIN_PASSWORD_LENGTH:
        raise UserMistake(f"a password has {MIN_PASSWORD_LENGTH} characters or more")
    return await asyncio.to_thread(_hasher.hash, password)


def _roles(roles: Collection[Role]) -> list[str]:
    wanted = {Role(role) for role in roles}
    if not wanted or not wanted <= STAFF_ROLES:
        known = ", ".join(sorted(STAFF_ROLES))
        raise UserMistake(f"a person needs at least one role of: {known}")
    return sorted(role.value for role in wanted)


def _address(email: str) -> str:
    return email.strip().casefold()


async def _get(session: AsyncSession, staff_id: str) -> Staff:
    row = await session.get(Staff, staff_id)
    if row is None:
        raise NotFound(f"there is no member of staff {staff_id}")
    return row


async def _sign_out(session: AsyncSession, staff_id: str) -> None:
    await session.execute(delete(DeskSession).where(DeskSession.staff_id == staff_id))
