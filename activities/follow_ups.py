"""What no story asks for: who cannot be paid is written to, and bank files have a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from store import bank_clock, payout_setup
from store.engine import session

AT_A_TIME = 50
"""Mails of one run."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FollowUps:
    """Reads and writes our own rows; the mails are sent by `activities.outreach.Outreach`."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        by_bank: bool = False,
        answer_days: int = 3,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._engine = engine
        self._by_bank, self._answer_days = by_bank, answer_days
        self._clock = clock

    @activity.defn(name="look_at_bank_files")
    async def look_at_bank_files(self) -> None:
        """Put into finance's inbox what waits for a bank file or for the bank's answer.

        Looking twice changes nothing: an item is unique by what it is about.
        """
        async with session(self._engine) as db:
            await bank_clock.look(
                db, self._clock(), by_bank=self._by_bank, answer_days=self._answer_days
            )

    @activity.defn(name="follow_up_payout_setup")
    async def follow_up_payout_setup(self) -> list[str]:
        """Look at the accounts of those under contract; gives the mails that are to be sent.

        Looking twice plans no mail twice: what was found is written with what was asked.
        """
        async with session(self._engine) as db:
            await payout_setup.follow_up(db, self._clock())
        async with session(self._engine) as db:
            return list(await payout_setup.unsent(db, AT_A_TIME))
