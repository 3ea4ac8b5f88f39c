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
from store.tables import RailStop


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
        async with self.watch():
            yield

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[None]:
        """As `look`, for what is read by the clock: it is tried also while the rail is stopped.

        Raises:
            KeyMayNot: the provider knows the key, and does not let it look at this.
            RailStopped: the provider refuses the key.
        """
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
        stop = await self._stop()
        if stop is None:
            return
        if stop.key_mark in self._rail.key_marks:
            raise RailStopped(
                f"payments stand still since {stop.stopped_at:%Y-%m-%d %H:%M} UTC: {stop.said}",
                hint="see the payments page of the desk",
            )
        await self._try_keys(stop)

    async def try_new_keys(self) -> None:
        """If the rail is stopped and our keys are others by now, try them.

        Raises:
            RailStopped: one of them is refused too.
            Unavailable: the provider does not answer.
        """
        stop = await self._stop()
        if stop is not None and stop.key_mark not in self._rail.key_marks:
            await self._try_keys(stop)

    async def _stop(self) -> RailStop | None:
        async with session(self._engine) as db:
            return await rail_stops.current(db)

    async def _try_keys(self, stop: RailStop) -> None:
        try:
            await self._rail.probe()
        except RailStopped as error:
            await self._close(error)
            raise
        async with session(self._engine) as db:
            await rail_stops.resume(db, stop.id, self._clock())

    async def _close(self, error: RailStopped) -> None:
        # The key that was refused in this call: by now the rail may have another one.
        mark = error.key_mark or self._rail.key_marks[0]
        async with session(self._engine) as db:
            await rail_stops.stop(db, error.message, mark, self._clock())
