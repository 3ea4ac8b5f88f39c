"""The right to send one attempt: short, written on its row, and asked for again before each try.

A worker may be stopped for any time between two of its instructions and wake up when others have
given its attempt up. What keeps the payment single is the key: the attempt is sent again with the
same one until the provider has answered, so a late call is only answered once more. A turn covers
what a key cannot: keys that the provider has forgotten, and refusals that it does not remember.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from store import account_turns, attempts
from store.engine import session

TURN = timedelta(seconds=45)
"""A call with all its tries is over after this, or is cut off."""

MARGIN = timedelta(seconds=45)
"""For clocks that differ, and for a request that is on its way when its call is cut off."""


class Turn:
    """One call's right to send; implements `integrations.payout_rail.Permit`."""

    def __init__(
        self, engine: AsyncEngine, payout_id: str, number: int, clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._payout_id, self._number = payout_id, number
        self._clock = clock
        self.sender = secrets.token_hex(16)
        self.tries = 0
        """How often the provider was called, or was about to be."""
        began = clock()
        self._until = began + TURN
        self._until_monotonic = time.monotonic() + TURN.total_seconds()
        self.over_for_others_at = self._until + MARGIN
        """From then on, nobody else has to reckon with an effect of this call."""

    def seconds_left(self) -> float:
        """By the wall clock or by the time that this process ran, whichever ends sooner."""
        wall = (self._until - self._clock()).total_seconds()
        return min(wall, self._until_monotonic - time.monotonic())

    async def holds(self) -> bool:
        """Read the row again, then the clock: the clock is the last thing before the try."""
        async with session(self._engine) as db:
            mine = await attempts.has_turn(db, self._payout_id, self._number, self.sender)
        self.tries += 1
        return mine and self.seconds_left() > 0

    async def end(self, *, moved_nothing: bool) -> None:
        """The call is over without an outcome: another payment may be sent to the account."""
        async with session(self._engine) as db:
            await account_turns.end_call(
                db, self._payout_id, self._number, self.sender, moved_nothing=moved_nothing
            )
