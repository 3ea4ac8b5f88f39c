"""Whether what a held payment waits for has come: asked before an attempt is booked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.balances import Balances
from activities.heartbeats import heartbeats
from activities.rail_gate import RailGate
from activities.recipients import Recipients
from domain.errors import KeyMayNot, RailStopped
from domain.lifecycle import HoldReason
from domain.messages import HeldPayout
from integrations.payout_rail import PayoutRail
from store import payouts as store
from store.engine import session


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Holds:
    """Looks at causes that can be seen without an attempt."""

    def __init__(
        self,
        engine: AsyncEngine,
        rail: PayoutRail,
        public_url: str,
        *,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._engine = engine
        self._gate = RailGate(engine, rail, clock)
        self._balances = Balances(engine, rail, clock=clock)
        self._recipients = Recipients(engine, rail, public_url, clock)

    @activity.defn(name="still_held")
    async def still_held(self, held: HeldPayout) -> bool:
        """True while what a payment waits for has certainly not come.

        Asked as often as one likes: nothing is sent, and what is read of an account is kept.
        """
        try:
            async with heartbeats(), self._gate.look():
                return await self._is_there(held)
        except KeyMayNot:
            return False
        except RailStopped:
            return True

    async def _is_there(self, held: HeldPayout) -> bool:
        if held.reason is HoldReason.RAIL_STOPPED:
            return False  # the key was looked at on the way here
        async with session(self._engine) as db:
            found = await store.payee(db, held.payout_id)
        if held.reason is HoldReason.WAITING_FUNDS:
            # Kept, so that the sweep, which goes by the last reading, does not wake it in vain.
            funds = await self._balances.read()
            there = funds.get(found.payout.currency)
            return there is None or there.available < found.payout.sent_minor
        known = found.recipient
        if known is not None and known.status != "active":
            known = await self._recipients.read_again(known.account_id)
        return known is None or known.status != "active"
