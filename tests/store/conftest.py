"""What most tests of the store begin with."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.lifecycle import Role
from store.engine import session
from store.tables import Collaboration, Staff
from tests import builders


@pytest.fixture
async def begun(engine: AsyncEngine) -> Collaboration:
    """A collaboration without any event yet."""
    async with session(engine) as db:
        return await builders.collaboration(db)


@pytest.fixture
async def reviewer(engine: AsyncEngine) -> Staff:
    """Somebody who may review, and nothing else."""
    async with session(engine) as db:
        return await builders.staff(db, (Role.REVIEWER,))
