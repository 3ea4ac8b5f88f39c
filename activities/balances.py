"""Reading what the brand has at the payment provider, where the provider's key is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.rail_gate import RailGate
from domain.errors import RailStopped
from domain.payments import RailFunds
from integrations.payout_rail import PayoutRail
from store import rail_balances
from store.engine import session

log = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Balances:
    """Keeps the balance for finance to see: the web has no key to ask with."""

    def __init__(
        self, engine: AsyncEngine, rail: PayoutRail, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._clock = clock

    @activity.defn(name="read_balance")
    async def read_balance(self) -> bool:
        """Read the balance and keep it; False if the provider does not let our key read it.

        Reading twice keeps the newer reading. A key that only may not look at it stops no payment:
        the page shows how old the reading is. One that is refused stops them all, before any is
        tried with it.
        """
        try:
            async with RailGate(self._engine, self._rail, self._clock).watch():
                await self.read()
        except RailStopped as error:
            log.warning("the balance cannot be read: %s", error.message)
            return False
        return True

    async def read(self) -> dict[str, RailFunds]:
        """Read the balance, keep it and give it, by currency.

        Raises:
            RailStopped: our key may not read it.
        """
        at = self._clock()
        found = await self._rail.balance()
        async with session(self._engine) as db:
            await rail_balances.record(
                db,
                {currency: funds.available for currency, funds in found.items()},
                at,
                reserved={
                    currency: funds.reserved for currency, funds in found.items() if funds.reserved
                },
            )
        return found
