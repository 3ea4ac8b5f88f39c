"""Changing what neither rights nor triggers let anybody change: as the database's administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

ADMINISTRATORS: dict[str, str] = {}
"""By the name of a database of this run: the address of who may do anything there."""


@asynccontextmanager
async def unguarded(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """A transaction in an engine's database that no right and no trigger holds back."""
    administrator = create_async_engine(
        ADMINISTRATORS[engine.url.database or ""], poolclass=NullPool
    )
    async with AsyncSession(administrator, expire_on_commit=False) as opened, opened.begin():
        await opened.execute(text("SET LOCAL session_replication_role = replica"))
        yield opened
    await administrator.dispose()
