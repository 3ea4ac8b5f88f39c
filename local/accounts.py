"""The staff accounts of a new data folder: one per role, two for finance, generated passwords."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle import Role
from domain.staff_mail import Wish
from local.state import Secrets
from store import staff
from store.engine import session

DOMAIN = "troupe.invalid"
"""Never an address that somebody has; people change it with `troupe staff add`."""

STANDARD = (
    ("manager", "Manager", Role.MANAGER),
    ("reviewer", "Reviewer", Role.REVIEWER),
    ("finance-1", "Finance 1", Role.FINANCE),
    ("finance-2", "Finance 2", Role.FINANCE),
    ("operator", "Operator", Role.OPERATOR),
)
"""Two of finance: above the limit, two different people release a payment."""


@dataclass(frozen=True)
class Account:
    """An account that was made here."""

    email: str
    name: str
    role: str
    password: str
    """As generated; the person may have changed it since."""
    staff_id: str


async def ensure_accounts(engine: AsyncEngine, folder: Path, kept: Secrets) -> list[Account]:
    """Make the standard accounts in an empty installation; otherwise say which were made.

    An installation that has its own people gets none: nobody wants accounts to appear.
    """
    async with session(engine) as db:
        there = {row.email: row for row in await staff.list_staff(db)}
        if not there:
            for login, _, _ in STANDARD:
                kept.passwords[f"{login}@{DOMAIN}"] = secrets.token_urlsafe(12)
            # Written first: an account whose password is lost is worse than one too many.
            await asyncio.to_thread(kept.save, folder)
            for login, name, role in STANDARD:
                email = f"{login}@{DOMAIN}"
                await staff.create_staff(
                    db, email=email, name=name, roles=[role],
                    password=kept.passwords[email], at=datetime.now(UTC),
                    mails=Wish.OFF,  # an address to sign in with, not a mailbox
                )  # fmt: skip
            there = {row.email: row for row in await staff.list_staff(db)}
    return [
        Account(email, name, role.value, kept.passwords[email], there[email].id)
        for login, name, role in STANDARD
        if (email := f"{login}@{DOMAIN}") in there
        and there[email].active
        and email in kept.passwords
    ]
