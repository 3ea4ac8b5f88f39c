"""Asking the provider for the events that never arrived, where the provider's key is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.heartbeats import heartbeats
from activities.rail_gate import RailGate
from domain.bank_transfer import is_bank_account
from domain.errors import KeyMayNot
from integrations.payout_rail import PayoutRail
from integrations.stripe_errors import StripeRefused
from integrations.stripe_webhooks import StripeEvent
from store import attempts, payout_setup
from store import external_events as store
from store.engine import session

log = logging.getLogger(__name__)

SOURCE = "stripe"

READ_AT_ONCE = 500
"""Accounts that are read in one hour at most."""

LOOK_BACK = timedelta(days=3)
"""How long before the last event that arrived is asked for again: Stripe itself tries so long."""

KEPT = timedelta(days=30)
"""How long the provider keeps its events (docs.stripe.com/api/events)."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EventSource(PayoutRail, Protocol):
    """A rail that can be asked for its events."""

    async def events_since(self, since: datetime, account: str = "") -> tuple[StripeEvent, ...]:
        """The events since then, newest first, whether they arrived or not.

        Of our own account, or of a creator's.

        Raises:
            RailStopped: our key may not read them.
            StripeRefused: the account is not ours to look at any more.
        """
        ...


class LostEvents:
    """Puts what was lost on the way into the same table as what arrived."""

    def __init__(
        self, engine: AsyncEngine, rail: EventSource, *, clock: Callable[[], datetime] = _utc_now
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._clock = clock

    @activity.defn(name="find_lost_events")
    async def find_lost_events(self) -> int:
        """Store the events that are not stored yet; the sweep hands them on. Gives their number.

        Asking twice stores nothing twice: an event is unique by its id, however it came.
        """
        async with heartbeats(), RailGate(self._engine, self._rail, self._clock).watch():
            now = self._clock()
            async with session(self._engine) as db:
                last = await store.last_received(db, SOURCE)
                accounts = await attempts.accounts_paid_since(db, now - KEPT)
            since = max(min(last or now, now) - LOOK_BACK, now - KEPT)
            lost = await self._store(await self._rail.events_since(since), now)
            for account in accounts:
                try:
                    found = await self._rail.events_since(since, account)
                except (KeyMayNot, StripeRefused) as error:
                    # It took our access back, or this key may pay and not look: no reason to stop.
                    log.warning("events of a creator's account cannot be read: %s", error.message)
                    continue
                lost += await self._store(found, now)
            return lost + await self._read_accounts(now)

    async def _read_accounts(self, now: datetime) -> int:
        """Store as events what is another at an account than our books say, though none told so.

        A thin event of an account is in no list that could be asked for.
        """
        async with session(self._engine) as db:
            due = await payout_setup.to_read_again(db, now.hour, READ_AT_ONCE)
        changed = 0
        for known in due:
            if is_bank_account(known.account_id) != self._rail.by_bank:
                continue
            try:
                there = await self._rail.recipient_state(known.account_id)
            except (KeyMayNot, StripeRefused) as error:
                log.warning("a creator's account cannot be read: %s", error.message)
                continue
            if (there.status, list(there.requirements)) == (known.status, known.requirements):
                continue
            async with session(self._engine) as db:
                changed += await store.store_account_change(
                    db, store.LOOKS, f"{known.account_id}:{now:%Y-%m-%dT%H}", known.account_id,
                    live=self._rail.live, at=now,
                )  # fmt: skip
        return changed

    async def _store(self, found: Sequence[StripeEvent], now: datetime) -> int:
        lost = 0
        async with session(self._engine) as db:
            for event in reversed(found):
                _, is_new = await store.store_event(
                    db, SOURCE, event.id, event.type, event.model_dump(), now
                )
                lost += is_new
        return lost
