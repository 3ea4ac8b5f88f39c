"""Looking the books over, where nobody is paid by it: our own database only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.heartbeats import heartbeats
from store import book_check
from store.engine import session


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BookCheck:
    """Reads ledger and events, and writes what it found into finance's inbox."""

    def __init__(
        self, engine: AsyncEngine, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:  # fmt: skip
        self._engine = engine
        self._clock = clock

    @activity.defn(name="look_over_books")
    async def look_over_books(self) -> int:
        """Look at the ledger and at tonight's streams; gives the number of faults.

        Looking twice opens no second item: a fault is unique by what it is about.
        """
        async with heartbeats():
            async with session(self._engine) as db:
                faults = await book_check.ledger_faults(db)
                streams = await book_check.streams_of_tonight(db, self._clock())
            for page in book_check.in_pages(streams):
                async with session(self._engine) as db:
                    faults += await book_check.stream_faults(db, page)
            async with session(self._engine) as db:
                await book_check.record(db, faults, streams, self._clock())
        return len(faults)
