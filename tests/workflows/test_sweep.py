"""The sweep: what one party does not answer keeps nothing from the others."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import AT_ONCE, Maintenance
from domain.decisions import DecisionKind, PlainChoice
from domain.ids import payout_workflow_id
from domain.lifecycle import Role
from domain.messages import PAYOUT_WORKFLOW
from store import external_events
from store.engine import session
from store.tables import Decision, ExternalEvent
from tests import builders
from tests.tampering import unguarded
from tests.workflows.payment import as_input

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
CHOICE = PlainChoice(kind=DecisionKind.HOLD_PAYOUT)


async def test_decisions_that_nobody_answers_keep_no_event_waiting_and_take_turns_at_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
        person = await builders.staff(db, roles=(Role.FINANCE,))
        for n in range(2 * AT_ONCE):
            await builders.decision(db, payout, person, CHOICE, seen=str(n), at=LONG_AGO)
        name = f"evt_{secrets.token_hex(8)}"
        row_id, _ = await external_events.store_event(
            db, "stripe", name, "topup.succeeded", {}, LONG_AGO
        )
    stuck = await temporal.client.start_workflow(
        PAYOUT_WORKFLOW, as_input(payout, builders.campaign_file()),
        id=payout_workflow_id(payout.id), task_queue="nobody-is-there",
    )  # fmt: skip
    began = datetime.now(UTC)
    patience = timedelta(seconds=0.3)
    assert await Maintenance(engine, temporal.client, patience=patience).sweep() == 2 * AT_ONCE + 1
    assert datetime.now(UTC) - began < AT_ONCE * patience
    async with session(engine) as db:
        assert (await db.get_one(ExternalEvent, row_id)).tries == 1
        left = await db.scalars(select(Decision.status).where(Decision.subject_id == payout.id))
        assert set(left) == {"submitted"}
    await stuck.terminate()


async def test_a_row_that_cannot_be_sent_holds_up_no_other(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
        person = await builders.staff(db, roles=(Role.FINANCE,))
        broken, sound = [
            await builders.decision(db, payout, person, CHOICE, seen=str(n), at=LONG_AGO)
            for n in range(2)
        ]
    async with unguarded(engine) as db:
        (await db.get_one(Decision, broken.decision_id)).subject_kind = "unheard_of"
    assert await Maintenance(engine, temporal.client).sweep() == 2
    async with session(engine) as db:
        answers = [
            (await db.get_one(Decision, each.decision_id)).status for each in (broken, sound)
        ]
    assert answers == ["submitted", "refused"]
