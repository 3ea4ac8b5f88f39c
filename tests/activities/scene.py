"""A payment that has been earned and released, and the activities that pay it by some rail."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.holds import Holds
from activities.payouts import Payouts
from domain.lifecycle import HoldReason
from domain.messages import HeldPayout, TransferRequest, TransferResult
from store import attempts
from store.engine import session
from store.tables import Creator, PayoutAttempt
from tests import builders


class PaymentScene:
    """What a test of either rail begins with."""

    def __init__(self, engine: AsyncEngine, payouts: Payouts) -> None:
        self.engine, self.payouts = engine, payouts
        self.payout_id = self.creator_id = ""

    async def earn(self, amount: int = 15_000) -> Creator:
        """Make the payment; its creator has no account yet."""
        async with session(self.engine) as db:
            creator = await builders.creator(db)
            collaboration = await builders.collaboration(db, who=creator)
            payout = await builders.payout(db, collaboration, amount_minor=amount)
        self.creator_id, self.payout_id = creator.id, payout.id
        return creator

    async def send(self, attempt: int = 1) -> TransferResult:
        return await self.payouts.send_transfer(self._request(attempt))

    async def adopt(self, attempt: int) -> TransferResult:
        return await self.payouts.adopt_transfer(self._request(attempt))

    async def waits(self, reason: HoldReason) -> bool:
        holds = Holds(self.engine, self.payouts._rail, "http://127.0.0.1:8000")
        return await holds.still_held(HeldPayout(payout_id=self.payout_id, reason=reason))

    async def look_up(self, attempt: int = 1) -> TransferResult:
        return await self.payouts.look_up_transfer(self._request(attempt))

    async def attempt(self, number: int = 1) -> PayoutAttempt | None:
        async with session(self.engine) as db:
            return await attempts.get_attempt(db, self.payout_id, number)

    def _request(self, attempt: int) -> TransferRequest:
        return TransferRequest(payout_id=self.payout_id, attempt=attempt)
