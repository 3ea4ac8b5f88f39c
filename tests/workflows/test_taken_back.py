"""What was taken back is paid again, or not, when a person has said so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import Maintenance
from domain.decisions import DecisionKind
from domain.errors import ContentConflict
from domain.ids import claim_workflow_id, stripe_event_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role
from domain.messages import (
    CLAIM_CHANGED,
    STRIPE_EVENT_WORKFLOW,
    AppliedEvent,
    DecisionResult,
    Queue,
    StripeEventTask,
    TakenBack,
)
from store import external_events
from store.claims import left_of
from store.engine import session
from store.tables import ExternalEvent
from tests import builders
from tests.workflows.payment import Payment, as_input, payment
from tests.workflows.people import SILENCE

BACK = HoldReason.TAKEN_BACK


async def not_owed(pay: Payment) -> DecisionResult:
    finance, _ = pay.stage.people.staff[Role.FINANCE]
    return await pay.says(DecisionKind.CANCEL_PAYOUT, finance)


async def test_a_repayment_waits_for_a_person_and_is_then_released_anew(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}, on_hold=BACK) as pay:
        held = await pay.rests()
        assert (held.status, held.hold_reason) == (PayoutStatus.HELD, BACK)
        assert pay.stage.world.requests == []
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        assert (await pay.story())[:4] == [
            "stopped", "resume_payout", "release_asked", "release_payout",
        ]  # fmt: skip


async def test_what_is_not_owed_goes_back_into_the_budget_and_the_creator_is_told(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}, on_hold=BACK) as pay:
        amount = (await pay.rests()).amount_minor
        async with session(engine) as db:
            claim = await builders.claim(db, pay.stage.collaboration, amount_minor=amount)
        before = (await pay.stage.money()).available
        assert (await not_owed(pay)).applied
        row = await pay.ends()
        assert (row.status, row.hold_reason) == (PayoutStatus.CANCELLED, None)
        assert (await pay.stage.money()).available == before + amount
        assert (await pay.story())[-2:] == ["cancel_payout", "not_owed"]
        assert len(pay.stage.world.sent) == 1
        async with session(engine) as db:
            assert await left_of(db, claim.id) == 0  # never earned, so not owed back either


@pytest.mark.parametrize("hold", [False, True])
async def test_what_was_earned_cannot_be_called_off_like_that(
    temporal: WorkflowEnvironment, engine: AsyncEngine, hold: bool
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}) as pay:
        await pay.waits_for_release()
        if hold:
            finance, _ = pay.stage.people.staff[Role.FINANCE]
            assert (await pay.says(DecisionKind.HOLD_PAYOUT, finance)).applied
            await pay.rests()
        assert await not_owed(pay) == DecisionResult(applied=False, code="wrong_stage")


async def test_the_event_starts_the_repayment_once_and_sends_the_mail(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}, started=False) as pay:
        back = TakenBack(
            payment=as_input(await pay.row(), builders.campaign_file(), BACK),
            outbox_id="out_of_the_news",
        )
        pay.stage.world.news = AppliedEvent(taken_back=(back,), claims=("clm_1",))
        for event in ("evt_1", "evt_2"):
            await temporal.client.execute_workflow(
                STRIPE_EVENT_WORKFLOW, StripeEventTask(event_row_id=event),
                id=f"{event}/{pay.payout_id}", task_queue=Queue.WORKFLOWS.value,
            )  # fmt: skip
        assert (await pay.rests()).hold_reason == BACK
        assert pay.stage.world.sent == ["out_of_the_news"] * 2
        told = temporal.client.get_workflow_handle(f"evt_1/{pay.payout_id}")
        signals = [
            event.signal_external_workflow_execution_initiated_event_attributes
            async for event in told.fetch_history_events()
            if event.HasField("signal_external_workflow_execution_initiated_event_attributes")
        ]
        assert [(each.signal_name, each.workflow_execution.workflow_id) for each in signals] == [
            (CLAIM_CHANGED, claim_workflow_id("clm_1"))
        ]
        assert await pay.story() == ["stopped"]
        await asyncio.sleep(0)


async def test_an_event_whose_workflow_failed_is_taken_up_again_and_one_that_is_applied_is_not(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}, started=False) as pay:
        back = TakenBack(
            payment=as_input(await pay.row(), builders.campaign_file(), BACK), outbox_id="once"
        )
        name = f"evt_{pay.payout_id}"
        async with session(engine) as db:
            row_id, _ = await external_events.store_event(
                db, "stripe", name, "transfer.reversed", {}, datetime.now(UTC) - timedelta(hours=1)
            )
        sweep = Maintenance(engine, temporal.client).sweep
        handle = temporal.client.get_workflow_handle(stripe_event_workflow_id(row_id))
        pay.stage.world.news = ContentConflict("the books are not as they should be")
        assert await sweep() == 1
        with pytest.raises(WorkflowFailureError):
            await handle.result()
        assert await sweep() == 0

        async def its_time_comes(*, applied: bool) -> None:
            async with session(engine) as db:
                row = await db.get_one(ExternalEvent, row_id)
                row.again_at = datetime.now(UTC)
                row.applied_at = datetime.now(UTC) if applied else None

        pay.stage.world.news = AppliedEvent(taken_back=(back,))
        await its_time_comes(applied=False)
        assert await sweep() == 1
        await handle.result()
        assert (await pay.rests()).hold_reason == BACK
        await its_time_comes(applied=False)
        assert await sweep() == 1  # its workflow has ended well: nothing is done twice
        await its_time_comes(applied=True)
        assert await sweep() == 0
        assert pay.stage.world.sent == ["once"]
