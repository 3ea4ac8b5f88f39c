"""One refused key stops every payment: what is learnt in one call keeps the others from calling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import KeyMayNot, RailStopped
from integrations.payout_rail import PayoutRail
from store import rail_stops
from store.engine import session


class RailGate:
    """Stands before each call that is about a payment."""

    def __init__(
        self, engine: AsyncEngine, rail: PayoutRail, clock: Callable[[], datetime]
    ) -> None:  # fmt: skip
        self._engine, self._rail, self._clock = engine, rail, clock

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Let one call through; if the provider refuses the key in it, nobody follows.

        Raises:
            RailStopped: the provider refuses the key, now or since an earlier call.
            Unavailable: another key is to be tried, and the provider does not answer.
        """
        await self.check()
        try:
            yield
        except RailStopped as error:
            await self._close(error)
            raise

    @asynccontextmanager
    async def look(self) -> AsyncIterator[None]:
        """Let calls through that move nothing; a key that only may not look stops no payment.

        Raises:
            KeyMayNot: the provider knows the key, and does not let it look at this.
            RailStopped: the provider refuses the key, now or since an earlier call.
            Unavailable: another key is to be tried, and the provider does not answer.
        """
        await self.check()
        try:
            yield
        except KeyMayNot:
            raise
        except RailStopped as error:
            await self._close(error)
            raise

    async def check(self) -> None:
        """Refuse while the rail is stopped; try a key that was not refused with a harmless call.

        Raises:
            RailStopped: the rail is stopped.
            Unavailable: another key is to be tried, and the provider does not answer.
        """
        async with session(self._engine) as db:
            stop = await rail_stops.current(db)
        if stop is None:
            return
        if stop.key_mark == self._rail.key_mark:
            raise RailStopped(
                f"payments stand still since {stop.stopped_at:%Y-%m-%d %H:%M} UTC: {stop.said}",
                hint="see the payments page of the desk",
            )
        try:
            await self._rail.balance()
        except RailStopped as error:
            await self._close(error)
            raise
        async with session(self._engine) as db:
            await rail_stops.resume(db, stop.id, self._clock())

    async def _close(self, error: RailStopped) -> None:
        async with session(self._engine) as db:
            await rail_stops.stop(db, error.message, self._rail.key_mark, self._clock())
