"""A worker is killed with -9 in the middle of claims and of the payments that they shrink.

One kill finds each claim and each payment after another commit. Then a new worker takes the steps
again: every claim is there once, and every payment is one transfer of what is left, or none.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import (
    Choice,
    ClaimChoice,
    ClaimVerdict,
    DecisionKind,
    Objection,
    ReleaseChoice,
)
from domain.ids import claim_id, claim_workflow_id, payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role, StreamKind
from domain.messages import PAYOUT_WORKFLOW, ClaimResult, DecisionRef, DecisionResult, Queue
from integrations import temporal as sending
from local.proof.forked import forked
from store.engine import session
from store.records import verify_stream
from store.tables import Campaign, Event, InboxItem, LedgerTransaction, Payout, Staff
from tests import builders
from tests.conftest import Database
from tests.workflows import standing_worker
from tests.workflows.clock import PATIENCE
from tests.workflows.payment import as_input
from tests.workflows.stage import Stage, set_up
from tests.workflows.standing_worker import Places
from tests.workflows.world import workflow_worker

OWED, EARNED = 4_000, 15_000

PAYMENTS = (
    # After which commit the worker dies, and what the creator owes of an earlier payment.
    ("release_payout", OWED),
    ("sending", OWED),
    ("transferred", OWED),
    ("release_payout", EARNED),
    ("netted", EARNED),
)
CLAIMS = ("claim_back", "decide_claim", "claim_confirmed")

QUICK = timedelta(seconds=1)
"""So long does the server wait here for a worker that has died."""


async def earned(stage: Stage, owed: int) -> Payout:
    """A payment of a creator who owes something of an earlier one."""
    async with session(stage.engine) as db:
        campaign = await db.get_one(Campaign, stage.campaign.id)
        of = await builders.collaboration(db, campaign)
        await builders.payout(db, of, status=PayoutStatus.TRANSFERRED.value)
        await builders.claim(db, of, amount_minor=owed)
        return await builders.payout(db, of, kind="retention_passed", amount_minor=EARNED)


async def asked(stage: Stage) -> tuple[str, DecisionRef]:
    """Somebody asks another creator for money back: the collaboration, and the decision."""
    async with session(stage.engine) as db:
        campaign = await db.get_one(Campaign, stage.campaign.id)
        of = await builders.collaboration(db, campaign)
        await builders.payout(db, of)
        who = await db.get_one(Staff, stage.people.staff[Role.FINANCE][0])
        choice = ClaimChoice(amount_minor=OWED)
        return of.id, await builders.decision(db, of, who, choice, comment="One reel of two.")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(3 * PATIENCE):  # eight stories at once, on a busy machine
        while not await condition():  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.05)


class Desk:
    """Everybody answers what waits for them, without waiting for what becomes of it."""

    def __init__(self, stage: Stage, owed: dict[str, int]) -> None:
        self.stage, self.owed = stage, owed
        self.told: list[asyncio.Task[DecisionResult | None]] = []
        self._seen: set[str] = set()

    async def answer(self, subjects: set[str], kind: ItemKind) -> None:
        """Answer this question of each of these, once all are asked."""
        found: list[InboxItem] = []

        async def all_are_asked() -> bool:
            async with session(self.stage.engine) as db:
                rows = await db.scalars(
                    select(InboxItem).where(
                        InboxItem.subject_id.in_(subjects), InboxItem.kind == kind.value,
                        InboxItem.closed_at.is_(None),
                    )
                )  # fmt: skip
                found[:] = rows
            return {item.subject_id for item in found} == subjects

        await until(all_are_asked)
        for item in found:
            choices: dict[ItemKind, Choice] = {
                ItemKind.STATEMENT: Objection(content_id=""),
                ItemKind.CLAIM: ClaimVerdict(answer="confirm"),
                ItemKind.RELEASE: ReleaseChoice(netted_minor=self.owed.get(item.subject_id, 0)),
            }
            self.told.append(asyncio.create_task(self.stage.people.decide(item, choices[kind])))


async def moved(engine: AsyncEngine, payout_id: str) -> dict[str, int]:
    """What was posted for a payment since it was earned, by kind; its stream is whole."""
    async with session(engine) as db:
        assert await verify_stream(db, StreamKind.PAYOUT, payout_id)
        rows = await db.scalars(
            select(LedgerTransaction).where(LedgerTransaction.payout_id == payout_id)
        )
        kinds = [(row.kind, row.amount_minor) for row in rows]
    assert len(dict(kinds)) == len(kinds)
    return dict(kinds)


async def test_claims_and_what_they_keep_back_survive_the_death_of_a_worker_at_each_step(
    temporal: WorkflowEnvironment,
    engine: AsyncEngine,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "TASK_TIMEOUT", QUICK)
    client = temporal.client
    release = {"second_person_above": "400 EUR", "cooling": "0 seconds"}
    file = builders.campaign_file(release=release)
    async with set_up(temporal, engine, file=file, carried_on=False) as stage:
        payments = {(await earned(stage, owed)).id: (last, owed) for last, owed in PAYMENTS}
        asking = [await asked(stage) for _ in CLAIMS]
        claims = [claim_id(ref.decision_id) for _, ref in asking]
        after = {payout: last for payout, (last, _) in payments.items()}
        places = Places(after | dict(zip(claims, CLAIMS, strict=True)), tmp_path / "standing")
        server = client.service_client.config.target_host
        process = forked(standing_worker.main, places, database.app_url, server)
        desk = Desk(stage, {payout: owed for payout, (_, owed) in payments.items()})
        try:
            async with session(engine) as db:
                rows = [await db.get_one(Payout, payout) for payout in payments]
            for row in rows:
                await client.start_workflow(
                    PAYOUT_WORKFLOW, as_input(row, file), id=payout_workflow_id(row.id),
                    task_queue=Queue.WORKFLOWS.value, task_timeout=QUICK,
                )  # fmt: skip
            kind = StreamKind.COLLABORATION
            for of, ref in asking:
                asks = sending.send_decision(client, kind, of, ref)
                desk.told.append(asyncio.create_task(asks))
            await desk.answer(set(payments), ItemKind.RELEASE)
            await desk.answer(set(claims[1:]), ItemKind.STATEMENT)
            await desk.answer(set(claims[1:]), ItemKind.CLAIM)

            async def stand() -> bool:
                return places.standing() == places.after.keys()

            await until(stand)
        finally:
            process.kill()
            process.join(10)

        async with workflow_worker(client, engine):
            await desk.answer({claims[0]}, ItemKind.STATEMENT)
            await desk.answer({claims[0]}, ItemKind.CLAIM)
            await asyncio.gather(*desk.told)
            handles = [
                client.get_workflow_handle(claim_workflow_id(claim), result_type=ClaimResult)
                for claim in claims
            ]
            await stage.clock.settle(handles)
            for payout in payments:
                await client.get_workflow_handle(payout_workflow_id(payout)).result()
            money = await stage.money()
            assert (money.in_transit, money.paid) == (0, len(PAYMENTS) * EARNED)
            assert money.recovered == sum(owed for _, owed in PAYMENTS)
            assert money.creator_receivable == money.claimed == len(CLAIMS) * OWED
            for payout, (_, owed) in payments.items():
                kinds = {"net": owed, "discharge": owed, "recover": owed}
                if sent := EARNED - owed:
                    kinds |= {"send": sent, "settle": sent}
                assert await moved(engine, payout) == kinds
            calls = Counter(request.payout_id for request in stage.world.requests)
            assert calls == {payout: 1 for payout, (_, owed) in payments.items() if owed < EARNED}

            waives = stage.people.staff[Role.FINANCE][1]
            for claim, handle in zip(claims, handles, strict=True):
                kind = StreamKind.CLAIM
                said = await stage.people.say(DecisionKind.WAIVE_CLAIM, kind, claim, waives)
                assert said
                assert said.applied
                assert await handle.result() == ClaimResult(code="settled")
        async with session(engine) as db:
            for claim in claims:
                assert await verify_stream(db, StreamKind.CLAIM, claim)
                told = await db.scalars(select(Event.event).where(Event.entity_id == claim))
                assert Counter(told) == Counter(
                    ["claim_back", "hearing_opened", "object", "claim_to_decide", "decide_claim",
                     "claim_confirmed", "waive_claim", "settled"]
                )  # fmt: skip
