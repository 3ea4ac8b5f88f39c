"""Reading what the ledger holds until a moment, so that reading it later shows the same.

The database dates each transaction itself, not before the moment in which it is written. What is
dated and not yet committed cannot be seen: it is waited for, which takes no longer than a step.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

_LOCK = 7_238_012
"""Shared by who writes to the ledger, to the end of the transaction (migration `ledger_guards`)."""


async def wait_for_writers(session: AsyncSession) -> None:
    """Let everybody who has a date in the ledger be done; who comes after has a later one.

    Taken and given back in one statement, so that a call that is cut off leaves nothing locked.
    """
    alone = func.pg_advisory_lock(_LOCK)
    await session.execute(select(func.pg_advisory_unlock(_LOCK)).select_from(alone))
