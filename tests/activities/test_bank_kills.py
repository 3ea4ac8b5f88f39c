"""A process that is killed at any statement of a bank transfer loses nothing and orders once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bank_transfer import OrderState
from domain.messages import TransferOutcome
from store import bank_orders
from store.engine import session
from store.tables import BankFile, BankOrder, ExternalEvent, PayoutAttempt
from tests.activities.test_bank_transfers import Scene
from tests.bank import debit, statement

MOST = 60
"""Statements of the longest of these steps; more would be an endless loop."""


@asynccontextmanager
async def killed_before(engine: AsyncEngine, number: int) -> AsyncIterator[None]:
    """Drop the connection before the nth statement or commit, as the end of a process does."""
    count = 0

    def step(connection: Any, *_: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            connection.connection.driver_connection.pgconn.finish()

    names = ("before_cursor_execute", "commit")
    for name in names:
        event.listen(engine.sync_engine, name, step)
    try:
        yield
    finally:
        for name in names:
            event.remove(engine.sync_engine, name, step)


async def at_every_statement(
    engine: AsyncEngine,
    work: Callable[[], Awaitable[object]],
    untouched: Callable[[], Awaitable[None]],
) -> int:
    """Kill a step at its first statement, its second, and so on, until it is done; gives kills."""
    for number in range(1, MOST):
        async with killed_before(engine, number):
            try:
                await work()
            except DBAPIError:
                pass
            else:
                return number - 1
        await untouched()
    raise AssertionError("the step never came to its end")


async def _count(engine: AsyncEngine, what: Any) -> int:
    async with session(engine) as db:
        return int(await db.scalar(select(func.count()).select_from(what)) or 0)


async def _states(engine: AsyncEngine) -> set[str]:
    async with session(engine) as db:
        return set(await db.scalars(select(BankOrder.state)))


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    return await Scene(engine).begin()


async def test_an_order_that_is_cut_off_is_placed_once_by_whoever_goes_on(
    scene: Scene, engine: AsyncEngine
) -> None:
    async def nothing_half() -> None:
        # An order without its attempt's outcome, or the other way round, would be in doubt.
        async with session(engine) as db:
            under_way = PayoutAttempt.outcome == TransferOutcome.UNDER_WAY.value
            told = await db.scalar(select(func.count()).where(under_way))
        assert told == await _count(engine, BankOrder)

    assert await at_every_statement(engine, scene.send, nothing_half) > 3
    assert (await scene.send()).outcome is TransferOutcome.UNDER_WAY
    assert await _count(engine, BankOrder) == 1
    file = await scene.file()
    assert file is not None
    assert file.payments == 1


async def test_a_file_that_is_cut_off_is_not_there_and_the_next_has_each_payment_once(
    scene: Scene, engine: AsyncEngine
) -> None:
    other = await Scene(engine).begin()
    for each in (scene, other):
        await each.send()

    async def all_wait() -> None:
        assert await _count(engine, BankFile) == 0
        assert await _states(engine) == {OrderState.WAITING}

    assert await at_every_statement(engine, scene.file, all_wait) > 3
    # Killed after the commit, before anybody saw it: it is in the list, and makes no second one.
    assert await scene.file() is None
    async with session(engine) as db:
        [line] = await bank_orders.files(db)
        content = await bank_orders.file_content(db, line.id)
    assert content is not None
    assert line.payments == content.count(b"<CdtTrfTxInf>") == 2


async def test_an_import_that_is_cut_off_is_done_again_as_a_whole(
    scene: Scene, engine: AsyncEngine
) -> None:
    other = await Scene(engine).begin()
    for each in (scene, other):
        await each.send()
    await scene.file()
    events = await _count(engine, ExternalEvent)
    said = statement(
        debit(scene.reference, "150.00"), debit(other.reference, "150.00"),
        debit(other.reference, "150.00", back=True),
    )  # fmt: skip

    async def nothing_imported() -> None:
        assert await _states(engine) == {OrderState.IN_FILE}
        assert await _count(engine, ExternalEvent) == events

    assert await at_every_statement(engine, lambda: scene.says(said), nothing_imported) > 10
    assert not (await scene.says(said)).changed
    assert await _states(engine) == {OrderState.BOOKED, OrderState.RETURNED}
    for each in (scene, other):
        assert (await each.attempt()).transfer_id == each.reference
    # Two that were paid and one that came back; each is told once.
    assert await _count(engine, ExternalEvent) == events + 3
