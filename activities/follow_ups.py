"""What nobody has answered and nobody is asked in a workflow: who cannot be paid is written to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from store import payout_setup
from store.engine import session

AT_A_TIME = 50
"""Mails of one run."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FollowUps:
    """Reads and writes our own rows; the mails are sent by `activities.outreach.Outreach`."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = _utc_now) -> None:
        self._engine = engine
        self._clock = clock

    @activity.defn(name="follow_up_payout_setup")
    async def follow_up_payout_setup(self) -> list[str]:
        """Look at the accounts of those under contract; gives the mails that are to be sent.

        Looking twice plans no mail twice: what was found is written with what was asked.
        """
        async with session(self._engine) as db:
            await payout_setup.follow_up(db, self._clock())
        async with session(self._engine) as db:
            return list(await payout_setup.unsent(db, AT_A_TIME))
