"""The life of a payment on a real Temporal server, with quick cooling."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from domain.campaign import PayoutPolicy
from domain.errors import RailStopped
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.messages import (
    PAYOUT_WORKFLOW,
    RECIPIENT_CHANGED,
    PayoutInput,
    PayoutResult,
    Queue,
    TransferOutcome,
    TransferResult,
)
from store.engine import session
from store.tables import InboxItem, Payout
from tests import builders
from tests.workflows.people import GOES_ON
from tests.workflows.stage import Stage, set_up

ABOVE_LIMIT = 45_000
NOT_ONBOARDED = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="inactive")
IN_DOUBT = TransferResult(outcome=TransferOutcome.IN_DOUBT, code="timeout")


class Payment:
    """One payment of a stage, and the people around it."""

    def __init__(self, stage: Stage, handle: WorkflowHandle[Any, Any], payout_id: str) -> None:
        self.stage, self.handle, self.payout_id = stage, handle, payout_id

    async def row(self) -> Payout:
        async with session(self.stage.engine) as db:
            return await db.get_one(Payout, self.payout_id)

    async def waiting(self) -> list[InboxItem]:
        """Open items for a release: none for the moment between two of them."""
        async with session(self.stage.engine) as db:
            found = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
            return [item for item in found if item.kind == ItemKind.RELEASE]

    async def until(self, status: PayoutStatus) -> None:
        async with asyncio.timeout(20):
            while (await self.row()).status != status:  # noqa: ASYNC110 - the row is the news
                await asyncio.sleep(0.02)

    async def ends(self) -> Payout:
        async with asyncio.timeout(30):
            while not (await self.handle.describe()).close_time:
                await self.stage.people.act()
                await asyncio.sleep(0.02)
        assert (await self.stage.money()).in_transit == 0
        return await self.row()


@asynccontextmanager
async def payment(
    environment: WorkflowEnvironment, engine: AsyncEngine, amount_minor: int = 15_000
) -> AsyncIterator[Payment]:
    file = builders.campaign_file()
    quick = file.release.model_copy(
        update={"cooling": timedelta(milliseconds=100), "retry_held_every": timedelta(seconds=1)}
    )
    file = file.model_copy(update={"release": quick})
    async with set_up(environment, engine, file=file) as stage:
        async with session(engine) as db:
            row = await builders.payout(db, stage.collaboration, amount_minor=amount_minor)
        handle = await environment.client.start_workflow(
            PAYOUT_WORKFLOW,
            PayoutInput(
                payout_id=row.id, collaboration_id=row.collaboration_id,
                campaign_id=row.campaign_id, amount_minor=amount_minor, currency=row.currency,
                pay_by=row.pay_by, policy=PayoutPolicy.of(file),
            ),
            id=payout_workflow_id(row.id),
            task_queue=Queue.WORKFLOWS.value,
            result_type=PayoutResult,
        )  # fmt: skip
        yield Payment(stage, handle, row.id)


async def test_one_release_pays_below_the_limit(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        row = await pay.ends()
        assert (row.status, row.releases, row.attempt) == (PayoutStatus.TRANSFERRED, 1, 1)
        assert (await pay.stage.money()).paid == 15_000


async def test_two_different_people_release_above_the_limit(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT) as pay:
        row = await pay.ends()
        assert (row.status, row.releases) == (PayoutStatus.TRANSFERRED, 2)


async def test_the_same_person_cannot_be_both_releases(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT) as pay:
        people = pay.stage.people
        one, _ = people.staff[Role.FINANCE]
        await pay.until(PayoutStatus.REQUESTED)
        async with asyncio.timeout(20):
            while not people.refused:
                for item in await pay.waiting():
                    await people.decide(item, GOES_ON[ItemKind.RELEASE], actor=one)
                await asyncio.sleep(0.02)
        assert people.refused[0].code in {"same_person", "already_decided"}
        assert (await pay.row()).status == PayoutStatus.REQUESTED


async def test_a_creator_who_was_not_ready_is_paid_by_a_new_attempt(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(NOT_ONBOARDED)
        await pay.stage.people.act()
        ending = asyncio.create_task(pay.ends())
        await pay.until(PayoutStatus.HELD)
        await pay.handle.signal(RECIPIENT_CHANGED)
        row = await ending
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)
        assert [each.attempt for each in pay.stage.world.requests] == [1, 2]


async def test_a_doubtful_attempt_that_happened_is_not_made_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        found = TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id="tr_found")
        pay.stage.world.transfers.append(IN_DOUBT)
        pay.stage.world.look_ups.append(found)
        row = await pay.ends()
        assert (row.transfer_id, row.attempt) == ("tr_found", 1)


async def test_a_doubtful_attempt_that_never_happened_is_followed_by_another(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(IN_DOUBT)
        pay.stage.world.look_ups.append(TransferResult(outcome=TransferOutcome.NOT_FOUND))
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)


async def test_a_refused_key_stops_the_rail_until_a_person_has_mended_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(RailStopped("the key was revoked"))
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)
        assert ItemKind.ATTENTION in [kind for kind, _ in pay.stage.people.answered]
