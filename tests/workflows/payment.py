"""One payment with its people, from being earned to being paid."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.campaign import CampaignFile, PayoutPolicy
from domain.decisions import DecisionKind
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, StreamKind
from domain.messages import PAYOUT_WORKFLOW, DecisionResult, PayoutInput, PayoutResult, Queue
from store.engine import session
from store.tables import Collaboration, Event, InboxItem, Payout
from tests import builders
from tests.workflows.clock import Handle
from tests.workflows.people import Plan
from tests.workflows.stage import TASK_TIMEOUT, Stage, set_up

PAID = {PayoutStatus.TRANSFERRED, PayoutStatus.ELSEWHERE}


class Payment:
    """One payment of a stage, and the people around it."""

    def __init__(
        self, environment: WorkflowEnvironment, stage: Stage, handle: Handle, payout_id: str
    ) -> None:
        self.environment, self.stage = environment, stage
        self.handle, self.payout_id = handle, payout_id

    async def beside(self, amount_minor: int) -> Payment:
        """Another payment of the same collaboration."""
        async with session(self.stage.engine) as db:
            of = await db.get_one(Collaboration, (await self.row()).collaboration_id)
            row = await builders.payout(db, of, amount_minor=amount_minor, kind="retention_passed")
        return await _start(self.environment, self.stage, row, builders.campaign_file())

    async def row(self) -> Payout:
        async with session(self.stage.engine) as db:
            return await db.get_one(Payout, self.payout_id)

    async def rests(self) -> Payout:
        """The payment once it has nothing to do but to wait."""
        await self.stage.clock.settle([self.handle])
        return await self.row()

    async def waits_for_release(self) -> InboxItem:
        await self.rests()
        return await self.stage.open_item(ItemKind.RELEASE)

    async def until(self, status: PayoutStatus) -> Payout:
        """Let people act and time pass until the payment rests in a status."""
        for _ in range(100):
            if (row := await self.rests()).status == status:
                return row
            await self._go_on()
        raise AssertionError(f"never {status}: {await self.story()}")

    async def until_over(self) -> Payout:
        """Let people act and time pass until nothing more happens to it."""
        for _ in range(200):
            await self.rests()
            if not await self.stage.clock.is_running(self.handle):
                return await self.row()
            await self._go_on()
        raise AssertionError(f"never over: {await self.story()}")

    async def ends(self) -> Payout:
        """Let people act and time pass until the money has moved, once."""
        row = await self.until_over()
        money = await self.stage.money()
        paid = row.amount_minor if row.status in PAID else 0
        assert (money.payable, money.in_transit, money.paid) == (0, 0, paid)
        return row

    async def says(self, kind: DecisionKind, actor: str) -> DecisionResult:
        """A decision about this payment that nobody was asked for."""
        said = await self.stage.people.say(kind, StreamKind.PAYOUT, self.payout_id, actor)
        assert said is not None
        return said

    async def story(self) -> list[str]:
        """The names of the payment's events."""
        async with session(self.stage.engine) as db:
            rows = await db.scalars(
                select(Event).where(Event.entity_id == self.payout_id).order_by(Event.sequence)
            )
            return [row.event for row in rows]

    async def _go_on(self) -> None:
        moved = await self.stage.people.act() or await self.stage.clock.skip_to_next_timer(
            self.handle
        )
        if not moved:
            await asyncio.sleep(0.02)  # the news to the campaign is on its way


def as_input(row: Payout, file: CampaignFile, on_hold: HoldReason | None = None) -> PayoutInput:
    """What the payment's workflow is started with."""
    return PayoutInput(
        payout_id=row.id, collaboration_id=row.collaboration_id, campaign_id=row.campaign_id,
        amount_minor=row.amount_minor, currency=row.currency, pay_by=row.pay_by,
        policy=PayoutPolicy.of(file), on_hold=on_hold,
    )  # fmt: skip


@asynccontextmanager
async def payment(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    amount_minor: int = 15_000,
    plan: Plan | None = None,
    on_hold: HoldReason | None = None,
    started: bool = True,
    file: CampaignFile | None = None,
    pay_within: timedelta = timedelta(days=14),
    carried_on: bool = True,
) -> AsyncIterator[Payment]:
    file = file or builders.campaign_file()
    async with set_up(environment, engine, file=file, plan=plan, carried_on=carried_on) as stage:
        async with session(engine) as db:
            row = await builders.payout(
                db, stage.collaboration, amount_minor=amount_minor,
                pay_by=datetime.now(UTC) + pay_within,
            )  # fmt: skip
        if started:
            # Who brings a worker of their own will have it killed.
            patience = None if carried_on else TASK_TIMEOUT
            yield await _start(environment, stage, row, file, on_hold, patience)
        else:
            handle: Handle = environment.client.get_workflow_handle(
                payout_workflow_id(row.id), result_type=PayoutResult
            )
            yield Payment(environment, stage, handle, row.id)


async def _start(
    environment: WorkflowEnvironment, stage: Stage, row: Payout, file: CampaignFile,
    on_hold: HoldReason | None = None, task_timeout: timedelta | None = None,
) -> Payment:  # fmt: skip
    handle = await environment.client.start_workflow(
        PAYOUT_WORKFLOW,
        as_input(row, file, on_hold),
        id=payout_workflow_id(row.id),
        task_queue=Queue.WORKFLOWS.value,
        task_timeout=task_timeout,
        result_type=PayoutResult,
    )  # fmt: skip
    return Payment(environment, stage, handle, row.id)
