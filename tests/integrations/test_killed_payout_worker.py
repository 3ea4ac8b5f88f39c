"""The payout worker dies with a transfer in flight: the real workflow, worker, client and books."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.campaign import PayoutPolicy
from domain.decisions import DecisionKind, PlainChoice
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role, StreamKind
from domain.messages import PAYOUT_WORKFLOW, MailResult, PayoutInput, PayoutResult, Queue
from domain.reconciliation import compare
from integrations.temporal import send_decision
from settings import Settings
from store import ledger, reconciliation
from store.engine import session
from store.payout_reads import waiting_for_release
from store.tables import Payout, Staff
from tests import builders
from tests.conftest import Database
from tests.fixtures.stripe import KEY, StripeStandIn, eventually
from worker import Tools, make_worker

_ROOT = Path(__file__).parents[2]


class PayoutWorker:
    """The payout worker as a process of its own, as in production."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "worker.py", "--queue", "payouts"],
            cwd=_ROOT,
            env=os.environ | self._environment,
        )

    def stop(self, number: int = signal.SIGKILL) -> None:
        if self.process and self.process.poll() is None:
            os.kill(self.process.pid, number)
            self.process.wait(20)


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
def payout_worker(
    database: Database, temporal: WorkflowEnvironment, own_stripe_standin: StripeStandIn
) -> Iterator[PayoutWorker]:
    worker = PayoutWorker(given_environment(database, temporal, own_stripe_standin))
    worker.start()
    yield worker
    worker.stop()


@activity.defn(name="send_mail")
async def accept_mail(outbox_id: str) -> MailResult:
    return MailResult(status="accepted")


@pytest.fixture
async def other_workers(
    engine: AsyncEngine,
    temporal: WorkflowEnvironment,
    database: Database,
    own_stripe_standin: StripeStandIn,
) -> AsyncIterator[None]:
    given = given_environment(database, temporal, own_stripe_standin)
    tools = Tools(Settings.from_environment(given), engine, temporal.client)
    mail = Worker(temporal.client, task_queue=Queue.OUTREACH.value, activities=[accept_mail])
    async with make_worker(tools, Queue.WORKFLOWS), mail:
        yield


async def released(
    engine: AsyncEngine, temporal: WorkflowEnvironment, standin: StripeStandIn
) -> tuple[Payout, WorkflowHandle[Any, PayoutResult]]:
    """A payout that finance has just released, with no time left to pull it back."""
    file = builders.campaign_file(
        release={"second_person_above": "400 EUR", "cooling": "0 seconds"}
    )
    rail = standin.rail()
    async with session(engine) as db:
        campaign = await builders.campaign(db, file)
        creator = await builders.creator(db)
        payout = await builders.payout(db, await builders.collaboration(db, campaign, creator))
        finance = await builders.staff(db, (Role.FINANCE,))
        account = await rail.ensure_recipient(creator.id, "DE", creator.email, None)
        await builders.recipient(db, creator, account_id=account.account_id)
    standin.onboard(account.account_id)
    handle: WorkflowHandle[Any, PayoutResult] = await temporal.client.start_workflow(
        PAYOUT_WORKFLOW,
        PayoutInput(
            payout_id=payout.id,
            collaboration_id=payout.collaboration_id,
            campaign_id=payout.campaign_id,
            amount_minor=payout.amount_minor,
            currency=payout.currency,
            pay_by=payout.pay_by,
            policy=PayoutPolicy.of(file),
        ),
        id=payout_workflow_id(payout.id),
        task_queue=Queue.WORKFLOWS.value,
        result_type=PayoutResult,
    )
    await release(engine, temporal, payout, finance)
    return payout, handle


async def release(
    engine: AsyncEngine, temporal: WorkflowEnvironment, payout: Payout, finance: Staff
) -> None:
    async with asyncio.timeout(30):
        while True:
            async with session(engine) as db:
                waiting = (await waiting_for_release(db)).rows
            if waiting and waiting[0].item:
                break
            await asyncio.sleep(0.05)
    item = waiting[0].item
    assert item.kind == ItemKind.RELEASE
    async with session(engine) as db:
        ref = await builders.decision(
            db, payout, finance, PlainChoice(kind=DecisionKind.RELEASE_PAYOUT), seen=item.seen,
            at=datetime.now(UTC),
        )  # fmt: skip
    result = await send_decision(
        temporal.client, StreamKind.PAYOUT, payout.id, ref, timedelta(seconds=10)
    )
    assert result is not None
    assert result.applied, result.code


async def assert_paid_once(
    engine: AsyncEngine, standin: StripeStandIn, payout: Payout
) -> None:  # fmt: skip
    (transfer,) = standin.transfers()
    assert (transfer["transfer_group"], transfer["amount"]) == (payout.id, payout.amount_minor)
    async with session(engine) as db:
        stored = await db.get_one(Payout, payout.id)
        assert (stored.status, stored.transfer_id) == ("transferred", transfer["id"])
        listed = await standin.rail().find_transfers(payout.id)
        assert compare(await reconciliation.books(db), listed) == []
        assert await ledger.check(db) == []


@pytest.mark.slow
@pytest.mark.usefixtures("other_workers")
@pytest.mark.parametrize("moment", ["before the money moved", "after the money moved"])
async def test_a_killed_payout_worker_pays_once(
    engine: AsyncEngine,
    temporal: WorkflowEnvironment,
    own_stripe_standin: StripeStandIn,
    payout_worker: PayoutWorker,
    moment: str,
) -> None:
    kind = "slow" if moment.startswith("before") else "slow_after"
    own_stripe_standin.order_fault(kind, method="POST", seconds=2)
    payout, handle = await released(engine, temporal, own_stripe_standin)
    await eventually(lambda: bool(own_stripe_standin.requests("/v1/transfers")), 30)
    payout_worker.stop(signal.SIGKILL)
    payout_worker.start()
    async with asyncio.timeout(60):
        assert (await handle.result()).status is PayoutStatus.TRANSFERRED
    await assert_paid_once(engine, own_stripe_standin, payout)


@pytest.mark.slow
@pytest.mark.usefixtures("other_workers")
async def test_a_killed_stripe_stand_in_and_worker_pay_once(
    engine: AsyncEngine,
    temporal: WorkflowEnvironment,
    own_stripe_standin: StripeStandIn,
    payout_worker: PayoutWorker,
) -> None:
    own_stripe_standin.order_fault("slow_after", method="POST", seconds=5)
    payout, handle = await released(engine, temporal, own_stripe_standin)
    await eventually(lambda: bool(own_stripe_standin.transfers()), 30)
    with contextlib.ExitStack() as after:
        after.callback(payout_worker.start)
        payout_worker.stop(signal.SIGKILL)
        own_stripe_standin.kill_and_restart()
    async with asyncio.timeout(60):
        assert (await handle.result()).status is PayoutStatus.TRANSFERRED
    await assert_paid_once(engine, own_stripe_standin, payout)
