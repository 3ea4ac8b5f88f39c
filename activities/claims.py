"""Claims, for the workflows that make, settle and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporalio import activity

from domain.messages import Begin, Claimed
from integrations.temporal import wake_claim
from store import claiming, claims
from store.engine import session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine
    from temporalio.client import Client


class Claims:
    """Run as local activities: each is one short transaction, or a few signals."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn(name="claim_back")
    async def claim_back(self, command: Begin) -> Claimed:
        """Write a claim; gives what is to be started.

        Making it twice is one claim: the decision's row remembers that it was applied.
        """
        return await claiming.make(self._engine, command)

    @activity.defn(name="left_of_claim")
    async def left_of_claim(self, claim_id: str) -> int:
        """What of a claim has not come back yet; reading twice changes nothing."""
        async with session(self._engine) as db:
            return await claims.left_of(db, claim_id)

    @activity.defn(name="tell_claims")
    async def tell_claims(self, payout_id: str) -> None:
        """Wake the claims of which this payment kept something back; telling twice is harmless."""
        async with session(self._engine) as db:
            touched = await claims.touched_by(db, payout_id)
        for claim in touched:
            await wake_claim(self._client, claim)
