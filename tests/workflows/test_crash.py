"""A worker dies after an event was committed and before Temporal knows of it.

While nobody works, a signal and another decision arrive; then a new worker takes the step again.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.process import BaseProcess

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import Maintenance
from activities.records import Records
from domain.decisions import DecisionKind
from domain.errors import ContentConflict
from domain.inbox import DECIDED_BY, ItemKind
from domain.lifecycle import Outcome, PayoutStatus, Role, StreamKind
from domain.messages import Append, Appended
from domain.standstill import Standstill
from integrations.temporal import standstill
from local.proof.forked import forked
from store.engine import session
from store.records import verify_stream
from tests.conftest import Database
from tests.workflows import doomed_worker
from tests.workflows.clock import PATIENCE
from tests.workflows.payment import payment
from tests.workflows.people import GOES_ON, SILENCE, Plan
from tests.workflows.stage import Stage, set_up
from tests.workflows.test_unpaid import REJECTED, elsewhere, waits
from tests.workflows.world import workflow_worker
from workflows.timeouts import RECORD, RECORD_RETRY

Doomed = BaseProcess
COLLABORATION = StreamKind.COLLABORATION


@pytest.fixture
def doomed(database: Database, temporal: WorkflowEnvironment) -> Iterator[Callable[[str], Doomed]]:
    """Starts a worker that dies once the named event is committed."""
    started: list[Doomed] = []

    def start(last: str) -> Doomed:
        server = temporal.client.service_client.config.target_host
        started.append(forked(doomed_worker.main, last, database.app_url, server))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.join(10)


async def dies(process: Doomed) -> None:
    async with asyncio.timeout(PATIENCE):
        while process.is_alive():  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.02)
    assert process.exitcode == -signal.SIGKILL


async def is_sound(stage: Stage) -> bool:
    """Every stream is unbroken, and its read model agrees."""
    streams = [(COLLABORATION, stage.collaboration.id)]
    streams += [(StreamKind.PAYOUT, row.id) for row in await stage.payouts()]
    async with session(stage.engine) as db:
        return all([await verify_stream(db, kind, entity) for kind, entity in streams])


@pytest.mark.parametrize(
    ("last", "asked"),
    [
        # The decision itself; a step of the story in the same task, with money; a question.
        ("answer_offer", ItemKind.OFFER),
        ("terms_agreed", ItemKind.OFFER),
        ("draft_asked", ItemKind.TERMS),
    ],
)
async def test_nothing_is_lost_or_done_twice_when_a_worker_dies_after_a_commit(
    temporal: WorkflowEnvironment,
    engine: AsyncEngine,
    doomed: Callable[[str], Doomed],
    last: str,
    asked: ItemKind,
) -> None:
    async with set_up(temporal, engine, plan={asked: SILENCE}, carried_on=False) as stage:
        process, people = doomed(last), stage.people
        handle = await stage.start()
        await stage.until(handle, "offered" if asked is ItemKind.OFFER else "terms_offered")
        item = await stage.open_item(asked)
        clicked = asyncio.create_task(people.decide(item, GOES_ON[asked]))
        await dies(process)
        assert (await stage.story())[-1] == last

        await handle.signal("pause_clock", {"paused": True})
        manager = people.staff[Role.MANAGER][0]
        suspending = asyncio.create_task(
            people.say(
                DecisionKind.SUSPEND_COLLABORATION, COLLABORATION, stage.collaboration.id, manager
            )
        )
        async with workflow_worker(temporal.client, engine):
            await asyncio.gather(clicked, suspending)
            await stage.until(handle, "suspended")
            await people.say(
                DecisionKind.RESUME_COLLABORATION, COLLABORATION, stage.collaboration.id, manager
            )
            await handle.signal("pause_clock", {"paused": False})
            people.plan = {}
            ended = await stage.play(handle)

        told = Counter(await stage.story())
        assert ended.outcome == Outcome.COMPLETED
        assert told[last] == told[DECIDED_BY[asked].value] == told["suspended"] == 1
        assert "step_failed" not in told
        assert await is_sound(stage)
        assert (await stage.money()).paid == stage.offer.fee_minor


async def test_a_payment_whose_birth_was_lost_is_born_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine, doomed: Callable[[str], Doomed]
) -> None:
    async with set_up(temporal, engine, carried_on=False) as stage:
        process = doomed("publication_verified")
        handle = await stage.start()
        playing = asyncio.create_task(stage.play(handle))
        await dies(process)
        async with workflow_worker(temporal.client, engine):
            ended = await playing
        assert ended.outcome == Outcome.COMPLETED
        assert (await stage.story()).count("publication_verified") == 1
        assert await is_sound(stage)
        assert (await stage.money()).paid == stage.offer.fee_minor


async def test_what_was_said_to_be_paid_is_booked_once_and_a_hold_that_comes_later_is_told_so(
    temporal: WorkflowEnvironment, engine: AsyncEngine, doomed: Callable[[str], Doomed]
) -> None:
    plan: Plan = {ItemKind.UNPAID: SILENCE}
    async with payment(temporal, engine, plan=plan, carried_on=False) as pay:
        pay.stage.world.transfers.append(REJECTED)
        process = doomed("settle_payout")
        await pay.until(PayoutStatus.HELD)
        await waits(pay, ItemKind.UNPAID)
        item = await pay.stage.open_item(ItemKind.UNPAID)
        one, two = pay.stage.people.staff[Role.FINANCE]
        clicked = asyncio.create_task(
            pay.stage.people.decide(item, await elsewhere(pay), actor=one)
        )
        await dies(process)
        assert (await pay.story())[-1] == "settle_payout"
        holding = asyncio.create_task(
            pay.stage.people.say(DecisionKind.HOLD_PAYOUT, StreamKind.PAYOUT, pay.payout_id, two)
        )
        async with workflow_worker(temporal.client, engine):
            await asyncio.gather(clicked, holding)
            await Maintenance(engine, temporal.client).sweep()
            row = await pay.ends()
        assert row.status == PayoutStatus.ELSEWHERE
        told = Counter(await pay.story())
        assert (told["settle_payout"], told["paid_elsewhere"], told["hold_payout"]) == (1, 1, 0)
        assert len(pay.stage.world.requests) == 1, "nothing was sent after it"
        async with session(engine) as db:
            assert await verify_stream(db, StreamKind.PAYOUT, pay.payout_id)


@pytest.mark.parametrize(
    ("last", "plan", "outcome"),
    [
        # The offer was accepted and the budget reserved: there is something to give back.
        ("terms_agreed", {}, Outcome.CANCELLED),
        # It was written down that the creator has been silent: that stays so.
        ("ended", {ItemKind.OFFER: SILENCE}, Outcome.DECLINED),
    ],
)
async def test_a_stop_that_comes_while_nobody_works_does_not_unsay_what_is_written(
    temporal: WorkflowEnvironment,
    engine: AsyncEngine,
    doomed: Callable[[str], Doomed],
    last: str,
    plan: Plan,
    outcome: Outcome,
) -> None:
    async with set_up(temporal, engine, plan=plan, carried_on=False) as stage:
        process = doomed(last)
        handle = await stage.start()
        playing = asyncio.create_task(stage.play(handle))
        await dies(process)
        await handle.signal("campaign_stopped")
        async with workflow_worker(temporal.client, engine):
            ended = await playing
        assert ended.outcome == outcome
        assert await is_sound(stage)
        money = await stage.money()
        assert (money.reserved, money.available) == (0, stage.campaign.budget_minor)


ODD = "terms_agreed"
"""Fails for no known reason, so that the pauses become too long to hold a task open."""
REFUSED = "draft_asked"
TRIES = {ODD: 4, REFUSED: 1}
"""After which nobody expects the next one to succeed."""


class Stubborn(Records):
    """Does not write two events until they are mended."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.tries: Counter[str] = Counter()
        self.mended: set[str] = set()

    @activity.defn(name="append")
    async def append(self, command: Append) -> Appended:
        """Commit an event, or say that it does not fit our books."""
        if command.event in TRIES.keys() - self.mended:
            self.tries[command.event] += 1
            if command.event == ODD:
                raise TypeError("nobody knows whether it goes by itself")
            raise ContentConflict("it stands for something else")
        return await super().append(command)


async def test_what_cannot_be_written_ends_no_workflow_and_goes_on_when_it_is_mended(
    temporal: WorkflowEnvironment, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(RECORD_RETRY, maximum_attempts=TRIES[ODD])
    monkeypatch.setitem(RECORD, "retry_policy", few)
    async with set_up(temporal, engine, carried_on=False) as stage:
        records = Stubborn(engine)
        about = (StreamKind.COLLABORATION, stage.collaboration.id)
        async with workflow_worker(temporal.client, engine, records):
            handle = await stage.start()
            playing = asyncio.create_task(stage.play(handle))
            for event, tries in TRIES.items():
                async with asyncio.timeout(PATIENCE):
                    while records.tries[event] <= tries:  # noqa: ASYNC110 - only the rows know
                        await asyncio.sleep(0.02)
                assert await stage.clock.is_running(handle)
                assert await standstill(temporal.client, *about) is None
                found = None
                async with asyncio.timeout(PATIENCE):
                    while found is not Standstill.FAILING:  # a try goes on and has not failed yet
                        found = await standstill(temporal.client, *about, often=2)
                records.mended.add(event)
            # A task held open until the next try would have filled the history, and written none.
            history = await handle.fetch_history()
            assert any(
                each.marker_recorded_event_attributes.HasField("failure") for each in history.events
            )
            assert (await playing).outcome == Outcome.COMPLETED
        told = Counter(await stage.story())
        assert [told[each] for each in TRIES] == [1, 1]
        assert await is_sound(stage)
