"""The way to the database: one engine per process, one transaction per block."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

LOCK_TIMEOUT_SECONDS = 10
"""A row that is locked for longer is an error that is tried again, not a queue that grows."""

STATEMENT_TIMEOUT_SECONDS = 60

_OPTIONS = (
    f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s "
    f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s -c timezone=UTC"
)


def make_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine for ``postgresql+psycopg://…``; connects when it is first used.

    Args:
        url: the application's role.
        pool_size: connections kept open; as many again may be opened for a moment.
    """
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,  # a restarted server is noticed before a statement is lost
        connect_args={"options": _OPTIONS, "connect_timeout": 10},
    )


@asynccontextmanager
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A session inside one transaction: committed at the end of the block, undone by any error."""
    async with AsyncSession(engine, expire_on_commit=False) as opened, opened.begin():
        yield opened


async def answers(session: AsyncSession) -> None:
    """Ask the database for a sign of life."""
    await session.execute(select(1))
