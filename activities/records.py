"""The workflows' pen: events, read models, inbox, ledger and outbox, in one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporalio import activity

from domain.messages import Append, Appended, AppliedDecision, ApplyDecision, Begin, Granted
from store import bonuses, records

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


class Records:
    """Run as local activities: each is one short transaction on our own database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @activity.defn(name="append")
    async def append(self, command: Append) -> Appended:
        """Commit one event with all that belongs to it.

        Writing twice is one event: its number is unique in its stream, and the same content
        gives the same answer.
        """
        return await records.append(self._engine, command)

    @activity.defn(name="apply_decision")
    async def apply_decision(self, command: ApplyDecision) -> AppliedDecision:
        """Check a decision once more and commit it.

        Applying twice is one event: the decision's row remembers that it was applied.
        """
        return await records.apply_decision(self._engine, command)

    @activity.defn(name="grant_bonus")
    async def grant_bonus(self, command: Begin) -> Granted:
        """Write a bonus as a payment with its money; gives what is to be started.

        Granting twice is one payment: the decision's row remembers that it was applied.
        """
        return await bonuses.grant(self._engine, command)
