"""Reading what changed the balance at the provider, where the provider's key is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.rail_gate import RailGate
from domain.errors import RailStopped
from domain.reconciliation import LinesRead
from integrations.payout_rail import PayoutRail
from store import balance_lines as store
from store.engine import session

log = logging.getLogger(__name__)


class BalanceLines:
    """What `activities.reconciliation.Reconciliation` does besides comparing payments."""

    def __init__(
        self, engine: AsyncEngine, rail: PayoutRail, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._engine, self._rail, self._clock = engine, rail, clock

    async def read(self) -> LinesRead | None:
        """Read on from where the last reading ended, every page; None if our key may not.

        Reading twice keeps each line once: its id is unique, and so is the posting of its fee. How
        far was read is written when all was, so a reading that breaks off is done again.
        """
        now = self._clock()
        async with session(self._engine) as db:
            since = await store.read_from(db, now)
        lines = told = 0
        try:
            async with RailGate(self._engine, self._rail, self._clock).watch():
                async for page in self._rail.balance_lines(since):
                    async with session(self._engine) as db:
                        told += await store.record(db, page, now)
                    lines += len(page)
        except RailStopped as error:
            # A key that may send money need not be one that may look at this: only a refused key
            # stops payments. What was compared already is kept.
            log.warning("what changed the balance cannot be read: %s", error.message)
            return None
        async with session(self._engine) as db:
            await store.finish(db, now)
        return LinesRead(lines=lines, told=told)
