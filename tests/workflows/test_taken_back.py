"""What was taken back is paid again, or not, when a person has said so."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import DecisionKind
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role
from domain.messages import (
    STRIPE_EVENT_WORKFLOW,
    AppliedEvent,
    DecisionResult,
    Queue,
    StripeEventTask,
    TakenBack,
)
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
        before = (await pay.stage.money()).available
        assert (await not_owed(pay)).applied
        row = await pay.ends()
        assert (row.status, row.hold_reason) == (PayoutStatus.CANCELLED, None)
        assert (await pay.stage.money()).available == before + amount
        assert (await pay.story())[-2:] == ["cancel_payout", "not_owed"]
        assert len(pay.stage.world.sent) == 1


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
        pay.stage.world.news = AppliedEvent(taken_back=(back,))
        for event in ("evt_1", "evt_2"):
            await temporal.client.execute_workflow(
                STRIPE_EVENT_WORKFLOW, StripeEventTask(event_row_id=event),
                id=f"{event}/{pay.payout_id}", task_queue=Queue.WORKFLOWS.value,
            )  # fmt: skip
        assert (await pay.rests()).hold_reason == BACK
        assert pay.stage.world.sent == ["out_of_the_news"] * 2
        assert await pay.story() == ["stopped"]
        await asyncio.sleep(0)
