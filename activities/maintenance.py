"""The sweep: what was stored and not delivered, because a process died, is sent again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from temporalio import activity
from temporalio.client import Client

from domain.lifecycle import HoldReason, StreamKind
from domain.messages import AccountLost, StripeEventTask
from integrations import temporal
from store import (
    decisions,
    external_events,
    paused,
    payouts,
    rail_balances,
    rail_stops,
    riders,
    stuck_events,
)
from store.engine import session

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")

SETTLED_AFTER = timedelta(seconds=5)
"""A row younger than this is probably being sent right now by the page that wrote it."""

AT_A_TIME = 100
"""Rows of each kind that one sweep takes up."""

AT_ONCE = 20
"""Sendings side by side: what does not answer (3 seconds each) must not fill the sweep's minute."""

PATIENCE = timedelta(seconds=3)
"""How long the answer to a decision is waited for; it is applied all the same."""

log = logging.getLogger(__name__)


class Maintenance:
    """Sends again; every receiver recognises what it already has."""

    def __init__(
        self, engine: AsyncEngine, client: Client, *, patience: timedelta = PATIENCE
    ) -> None:  # fmt: skip
        self._engine = engine
        self._client = client
        self._patience = patience

    @activity.defn(name="sweep")
    async def sweep(self) -> int:
        """Resend events nobody applied and unanswered decisions, wake payments that can go on.

        And hold every payment whose creator's account turned out to be lost, by an event or by the
        answer to one of them, until there is another account.

        Sending twice is harmless: an update's id is its decision's id, and an event's workflow id
        is its row's id, and a payment that is woken for nothing tries once more and waits again.
        What answers at once comes first; decisions may each take their time.
        """
        before = datetime.now(UTC) - SETTLED_AFTER
        async with session(self._engine) as db:
            await paused.tell(db, datetime.now(UTC))
            await stuck_events.tell(db, datetime.now(UTC))
        return (
            await self._each(self._dispatch, await self._events(before))
            + await self._each(self._wake, await self._payments())
            + await self._each(self._hold, await self._lost_accounts())
            + await self._each(self._bring_back, await self._accounts_back())
            + await self._each(self._take_along, await self._taken_along())
            + await self._each(self._decide, await self._decisions(before))
        )

    async def _each(self, send: Callable[[T], Awaitable[None]], waiting: Sequence[T]) -> int:
        """Send some side by side; one that cannot be sent waits for the next sweep, alone."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(each: T) -> None:
            async with places:
                try:
                    await send(each)
                except Exception as error:
                    log.warning("%s failed in the sweep: %s", send.__name__, type(error).__name__)

        await asyncio.gather(*(one(each) for each in waiting))
        return len(waiting)

    async def _events(self, before: datetime) -> Sequence[str]:
        """Those that no workflow was started for, and those whose workflow has not applied them."""
        async with session(self._engine) as db:
            waiting = [
                *await external_events.undispatched_events(db, before, AT_A_TIME),
                *await external_events.unapplied_events(db, datetime.now(UTC), AT_A_TIME),
            ]
        return [row.id for row in waiting]

    async def _dispatch(self, row_id: str) -> None:
        await temporal.dispatch_stripe_event(self._client, StripeEventTask(event_row_id=row_id))
        async with session(self._engine) as db:
            await external_events.mark_dispatched(db, row_id, datetime.now(UTC))

    async def _payments(self) -> Sequence[str]:
        """Those that a stop of the rail held which is over, and those whose money is there."""
        async with session(self._engine) as db:
            return [
                *await rail_stops.to_be_woken(db, AT_A_TIME),
                *await rail_balances.to_be_woken(db, AT_A_TIME),
            ]

    async def _wake(self, payout: str) -> None:
        await temporal.wake_payout(self._client, payout)

    async def _taken_along(self) -> Sequence[str]:
        """Those that the transfer of another payment has paid, and that do not know it yet."""
        async with session(self._engine) as db:
            return await riders.to_be_booked(db, AT_A_TIME)

    async def _take_along(self, payout: str) -> None:
        await temporal.take_along(self._client, payout)

    async def _lost_accounts(self) -> Sequence[tuple[str, HoldReason]]:
        async with session(self._engine) as db:
            return await payouts.lost_accounts(db, AT_A_TIME)

    async def _hold(self, lost: tuple[str, HoldReason]) -> None:
        payout, reason = lost
        await temporal.lose_account(self._client, payout, AccountLost(reason=reason))

    async def _accounts_back(self) -> Sequence[str]:
        async with session(self._engine) as db:
            return await payouts.accounts_back(db, AT_A_TIME)

    async def _bring_back(self, payout: str) -> None:
        await temporal.account_back(self._client, payout)

    async def _decisions(self, before: datetime) -> Sequence[decisions.Unanswered]:
        async with session(self._engine) as db:
            return await decisions.unanswered(db, before, AT_A_TIME)

    async def _decide(self, each: decisions.Unanswered) -> None:
        result = await temporal.send_decision(
            self._client, StreamKind(each.subject_kind), each.subject_id, each.ref, self._patience
        )
        if result is not None and not result.applied:
            async with session(self._engine) as db:
                await decisions.refuse(db, each.ref.decision_id, result.code, datetime.now(UTC))
