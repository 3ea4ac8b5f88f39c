"""`troupe reconcile` as a person runs it: through Temporal, to the worker that has the key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.messages import Queue
from integrations import schedules
from settings import Settings
from store import comparisons, rail_balances
from store.engine import session
from store.rail_balances import Funds
from store.tables import Comparison
from tests.activities.test_payouts import Scene
from tests.activities.test_reconciliation import book
from tests.conftest import Database
from tests.fixtures.stripe import KEY, StripeStandIn
from tests.local.test_cli import Terminal, troupe
from worker import Tools, make_worker

__all__ = ["troupe"]


def given_environment(
    database: Database, temporal: WorkflowEnvironment, standin: StripeStandIn
) -> dict[str, str]:
    return {
        "TROUPE_DATABASE_URL": database.app_url,
        "TROUPE_SECRET_KEY": "of the tests, long enough to be one",
        "TROUPE_STRIPE_KEY": KEY,
        "TROUPE_STRIPE_API_BASE": standin.base,
        "TEMPORAL_ADDRESS": temporal.client.service_client.config.target_host,
    }


@pytest.fixture
async def command(
    troupe: Terminal, engine: AsyncEngine, temporal: WorkflowEnvironment, database: Database,
    own_stripe_standin: StripeStandIn, monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Terminal]:  # fmt: skip
    """The command line without a key, beside the workers of a stack."""
    given = given_environment(database, temporal, own_stripe_standin)
    tools = Tools(Settings.from_environment(given), engine, temporal.client)
    for name, value in given.items():
        if name != "TROUPE_STRIPE_KEY":
            monkeypatch.setenv(name, value)
    async with make_worker(tools, Queue.WORKFLOWS), make_worker(tools, Queue.PAYOUTS):
        yield troupe


async def test_the_command_says_whether_books_and_stripe_agree(
    command: Terminal, engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    await scene.send()
    await book(scene)
    answer = await asyncio.to_thread(command, "reconcile", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json["agree"], answer.json["payouts"], answer.json["transfers"]) == (True, 1, 1)
    await scene.rail.transfer(scene.account, 900, "EUR", "by-hand", scene.payout_id, {})
    answer = await asyncio.to_thread(command, "reconcile", "--json")
    assert (answer.code, answer.json["agree"]) == (1, False)
    by_hand = next(each for each in answer.json["differences"] if each["code"] == "not_in_books")
    assert (by_hand["payout"], by_hand["theirs"], by_hand["currency"]) == (
        scene.payout_id, 900, "EUR",
    )  # fmt: skip
    assert by_hand["means"]
    assert by_hand["to_do"]
    shown = await asyncio.to_thread(command, "reconcile")
    assert shown.code == 1
    assert "9.00 EUR" in shown.out
    assert "Reverse at Stripe" in shown.out


async def test_a_refused_key_is_a_fault_with_its_reason(
    command: Terminal, own_stripe_standin: StripeStandIn
) -> None:
    own_stripe_standin.order_fault("401", count=9)
    answer = await asyncio.to_thread(command, "reconcile", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (1, "rail_stopped")
    assert "the payments page of the desk says why" in answer.err


async def test_without_workers_the_command_says_so(
    troupe: Terminal, database: Database, temporal: WorkflowEnvironment,
    own_stripe_standin: StripeStandIn, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in given_environment(database, temporal, own_stripe_standin).items():
        monkeypatch.setenv(name, value)
    answer = await asyncio.to_thread(troupe, "reconcile", "--wait", "1", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (1, "unavailable")
    assert "doctor" in answer.err
    mistaken = ("reconcile", "--since", "2026-06-02", "--until", "2026-06-01")
    assert (await asyncio.to_thread(troupe, *mistaken)).code == 2


@pytest.mark.usefixtures("command")
async def test_the_nightly_comparison_is_scheduled_once_and_keeps_its_result(
    engine: AsyncEngine, temporal: WorkflowEnvironment
) -> None:
    await schedules.ensure_nightly(temporal.client)
    await schedules.ensure_nightly(temporal.client)
    schedule = temporal.client.get_schedule_handle(schedules.NIGHTLY_SCHEDULE)
    next_times = (await schedule.describe()).info.next_action_times
    assert (next_times[0].hour, next_times[0].minute) == schedules.NIGHTLY_AT
    await schedule.trigger()
    for _ in range(200):
        if found := await newest(engine):
            break
        await asyncio.sleep(0.1)
    await schedule.delete()
    assert found is not None
    assert found.differences == 0


@pytest.mark.usefixtures("command")
async def test_the_balance_is_read_as_soon_as_its_schedule_is_there(
    engine: AsyncEngine, temporal: WorkflowEnvironment, own_stripe_standin: StripeStandIn
) -> None:
    own_stripe_standin.set_balance("eur", 12_300)
    schedule = temporal.client.get_schedule_handle(schedules.BALANCE_SCHEDULE)
    with contextlib.suppress(RPCError):
        await schedule.delete()  # a worker of another test may have made it
    await schedules.ensure_balance(temporal.client)
    await schedules.ensure_balance(temporal.client)
    found: dict[str, Funds] = {}
    for _ in range(200):
        async with session(engine) as db:
            if found := await rail_balances.funds(db):
                break
        await asyncio.sleep(0.1)
    await schedule.delete()
    assert found["EUR"].available == 12_300


async def newest(engine: AsyncEngine) -> Comparison | None:
    async with session(engine) as db:
        return await comparisons.last(db)
