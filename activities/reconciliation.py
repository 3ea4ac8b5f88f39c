"""Comparing our books with the provider's list, where the provider's key is; nothing is moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.balance_lines import BalanceLines
from activities.heartbeats import heartbeats
from activities.rail_gate import RailGate
from domain.bank_transfer import is_bank_account
from domain.payments import RailTransfer
from domain.reconciliation import (
    MOST,
    Booked,
    Difference,
    ReconcileResult,
    ReconcileTask,
    compare,
    in_our_name,
)
from integrations.payout_rail import PayoutRail
from store import comparisons, rail_accounts, unnamed
from store import reconciliation as store
from store.engine import session

GRACE = timedelta(minutes=10)
"""An attempt touched less than this ago is under way: rows and postings may still come."""

SKEW = timedelta(hours=1)
"""How far the provider's clock and ours may be apart."""

LATEST = timedelta(hours=25)
"""So long after its first sending an attempt may still become a transfer: a key lives 24 hours."""

CONFIRMED = 200
"""Payments with a difference that are read a second time, on both sides."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Reconciliation:
    """Reads at the provider and in PostgreSQL."""

    def __init__(
        self,
        engine: AsyncEngine,
        rail: PayoutRail,
        *,
        clock: Callable[[], datetime] = _utc_now,
        grace: timedelta = GRACE,
    ) -> None:
        self._engine = engine
        self._rail = rail
        self._clock = clock
        self._grace = grace
        self._lines = BalanceLines(engine, rail, clock)

    @activity.defn(name="reconcile")
    async def reconcile(self, task: ReconcileTask) -> ReconcileResult:
        """Compare both ways, and keep what was found if that is asked for; money is only read.

        Asking again compares again: a difference that is known opens no second item.
        """
        async with heartbeats(), RailGate(self._engine, self._rail, self._clock).watch():
            return await self._reconcile(task)

    async def _reconcile(self, task: ReconcileTask) -> ReconcileResult:
        now = self._clock()
        horizon = now - self._grace
        listed = await self._list(task)
        named = {each.transfer_group for each in listed if _counts(each, task)}
        async with session(self._engine) as db:
            every = await store.books(db, task.since, task.until, named)
        books = await self._listed_here(every)
        known = {booked.payout_id for booked in books}
        mine = [each for each in listed if each.transfer_group in known or _counts(each, task)]
        adopted = {each.transfer_id for booked in books for each in booked.transferred}
        others = [each for each in listed if each.id in adopted and each not in mine]
        found = compare(books, [*mine, *others], horizon)
        found = await self._confirmed(found, horizon)
        async with session(self._engine) as db:
            nameless, explained = await unnamed.unexplained(
                db, [each for each in listed if _within(each, task)]
            )
        found += nameless
        result = ReconcileResult(
            compared_at=now,
            since=task.since,
            until=task.until,
            payouts=len(books),
            attempts=sum(len(booked.attempts) for booked in books),
            transfers=len(mine),
            under_way=sum(booked.under_way(horizon) for booked in books),
            differences=tuple(found[:MOST]),
            left_off=max(0, len(found) - MOST),
            explained=explained,
        )
        if task.record and task.since is None and task.until is None:
            async with session(self._engine) as db:
                await comparisons.record(db, result, found)
            result = result.model_copy(update={"balance": await self._lines.read()})
        return result

    async def _listed_here(self, books: Sequence[Booked]) -> list[Booked]:
        """Without payments made by the other rail, or from another account of the brand.

        The list is not about them. What it has for one of them all the same is then a transfer
        that is not in the books.
        """
        async with session(self._engine) as db:
            sent_from_it = await rail_accounts.sent_from_it(db, self._rail.place)
        return [
            booked
            for booked in books
            if all(
                is_bank_account(each.account_id) == self._rail.by_bank
                and sent_from_it(each.touched_at)
                for each in (*booked.transferred, *booked.along_with)
            )
        ]

    async def _list(self, task: ReconcileTask) -> Sequence[RailTransfer]:
        """The provider's list, a little wider than asked for: our clocks are not the same."""
        since = task.since - SKEW if task.since else None
        until = task.until + LATEST if task.until else None
        return await self._rail.transfers_between(since, until)

    async def _confirmed(self, found: list[Difference], horizon: datetime) -> list[Difference]:
        """What is still there when both sides are read again.

        List and books are never read at the same moment; a payment that was sent in between looks
        like a difference. With a window, a transfer outside of it does too.
        """
        doubtful = list(dict.fromkeys(each.payout_id for each in found))[:CONFIRMED]
        if not doubtful:
            return found
        transfers = [
            each for payout_id in doubtful for each in await self._rail.find_transfers(payout_id)
        ]
        async with session(self._engine) as db:
            every = await store.books_of(db, doubtful)
        books = await self._listed_here(every)
        transfers += await self._by_id(books, {each.id for each in transfers})
        rest = [each for each in found if each.payout_id not in set(doubtful)]
        return sorted([*compare(books, transfers, horizon), *rest], key=lambda each: each.payout_id)

    async def _by_id(self, books: Sequence[Booked], there: set[str]) -> list[RailTransfer]:
        """The transfers that our attempts name and that are not in their payments' groups."""
        missing = {
            attempt.transfer_id
            for booked in books
            for attempt in booked.transferred
            if attempt.transfer_id and attempt.transfer_id not in there
        }
        read = [await self._rail.read_transfer(each) for each in sorted(missing)]
        return [each for each in read if each is not None]


def _counts(transfer: RailTransfer, task: ReconcileTask) -> bool:
    """True if a transfer in our name was made in the time that is compared."""
    return in_our_name(transfer) and _within(transfer, task)


def _within(transfer: RailTransfer, task: ReconcileTask) -> bool:
    return (task.since is None or transfer.created_at >= task.since) and (
        task.until is None or transfer.created_at < task.until
    )
