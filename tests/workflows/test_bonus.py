"""A bonus from the decision to the money, or back into the budget."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import BonusChoice, DecisionKind, ReleaseChoice, TermsChoice
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role, StreamKind
from domain.messages import DecisionRef, DecisionResult, PayoutResult
from integrations.temporal import send_decision
from store.engine import session
from store.tables import Collaboration, Creator, Decision, Payout, Staff
from tests import builders
from tests.workflows.payment import Payment
from tests.workflows.people import SILENCE
from tests.workflows.stage import Stage, set_up

BUDGET = builders.campaign_file().budget.total.minor


async def granted(stage: Stage, actor: str) -> tuple[DecisionRef, Payment]:
    """A bonus on a collaboration that is over: there is no workflow of it."""
    async with session(stage.engine) as db:
        of = await db.get_one(Collaboration, stage.collaboration.id)
        who = await db.get_one(Creator, of.creator_id)
        sign = await builders.decision(db, of, who, TermsChoice(answer="sign", content_id="s"))
        (await db.get_one(Decision, sign.decision_id)).status = "applied"
        person = await db.get_one(Staff, actor)
        ref = await builders.decision(db, of, person, BonusChoice(amount_minor=5_000))
    client = stage.environment.client
    sent = await send_decision(client, StreamKind.COLLABORATION, stage.collaboration.id, ref)
    assert sent == DecisionResult(applied=True, code="applied")
    async with session(stage.engine) as db:
        (row,) = await db.scalars(select(Payout))
    handle = client.get_workflow_handle(payout_workflow_id(row.id), result_type=PayoutResult)
    return ref, Payment(stage.environment, stage, handle, row.id)


async def test_a_bonus_is_released_by_somebody_else_and_paid_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up(temporal, engine) as stage:
        _, second = stage.people.staff[Role.FINANCE]
        ref, pay = await granted(stage, second)
        # The sweep sends it again: the same answer, and nothing is granted twice.
        again = await send_decision(
            temporal.client, StreamKind.COLLABORATION, stage.collaboration.id, ref
        )
        assert again == DecisionResult(applied=True, code="applied")
        item = await pay.waits_for_release()
        release = ReleaseChoice()
        refused = await stage.people.decide(item, release, actor=second)
        assert refused == DecisionResult(applied=False, code="requester")
        row = await pay.ends()
        assert (row.status, row.amount_minor) == (PayoutStatus.TRANSFERRED, 5_000)
        assert (await pay.story())[:2] == ["grant_bonus", "release_asked"]
        assert len(stage.world.requests) == 1


@pytest.mark.parametrize("hold", [False, True])
async def test_a_bonus_is_withdrawn_until_it_is_sent(
    temporal: WorkflowEnvironment, engine: AsyncEngine, hold: bool
) -> None:
    plan = {ItemKind.RELEASE: SILENCE, ItemKind.ON_HOLD: SILENCE}
    async with set_up(temporal, engine, plan=plan) as stage:
        finance, _ = stage.people.staff[Role.FINANCE]
        _, pay = await granted(stage, finance)
        await pay.waits_for_release()
        if hold:
            assert (await pay.says(DecisionKind.HOLD_PAYOUT, finance)).applied
            await pay.rests()
        assert (await pay.says(DecisionKind.CANCEL_PAYOUT, finance)).applied
        assert (await pay.ends()).status == PayoutStatus.CANCELLED
        assert (await pay.story())[-2:] == ["cancel_payout", "withdrawn"]
        assert (await stage.money()).available == BUDGET
        assert stage.world.sent == []
