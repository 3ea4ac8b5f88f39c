"""A claim from being asked for to having come back, with the payment that it is kept back from."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.claims import ClaimStatus
from domain.decisions import ClaimChoice, ClaimVerdict, Objection, ReleaseChoice
from domain.ids import claim_id, claim_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role, StreamKind
from domain.messages import (
    TAKEN_ALONG,
    ClaimResult,
    DecisionResult,
    TransferOutcome,
    TransferResult,
)
from integrations.temporal import send_decision
from store import claims, reconciliation
from store.engine import session
from store.tables import Claim, Collaboration, Event, InboxItem, Staff
from tests import builders
from tests.workflows.clock import Handle
from tests.workflows.payment import Payment, payment
from tests.workflows.people import GOES_ON, SILENCE
from tests.workflows.stage import Stage
from tests.workflows.test_unpaid import taken_along

HEARD = timedelta(days=30)


async def asked_for(stage: Stage, amount: int) -> tuple[str, Handle]:
    """Finance asks for money back; twice, as the sweep may."""
    client = stage.environment.client
    async with session(stage.engine) as db:
        of = await db.get_one(Collaboration, stage.collaboration.id)
        person = await db.get_one(Staff, stage.people.staff[Role.FINANCE][0])
        choice = ClaimChoice(amount_minor=amount)
        ref = await builders.decision(db, of, person, choice, comment="Only one reel of two.")
    for _ in range(2):
        sent = await send_decision(client, StreamKind.COLLABORATION, of.id, ref)
        assert sent == DecisionResult(applied=True, code="applied")
    claim = claim_id(ref.decision_id)
    handle = client.get_workflow_handle(claim_workflow_id(claim), result_type=ClaimResult)
    await stage.clock.settle([handle])
    return claim, handle


async def waits(stage: Stage, claim: str) -> InboxItem:
    async with session(stage.engine) as db:
        return (
            await db.scalars(
                select(InboxItem).where(
                    InboxItem.subject_id == claim, InboxItem.closed_at.is_(None)
                )
            )
        ).one()


async def story(stage: Stage, claim: str) -> list[str]:
    async with session(stage.engine) as db:
        rows = await db.scalars(
            select(Event).where(Event.entity_id == claim).order_by(Event.sequence)
        )
        return [row.event for row in rows]


async def paid(pay: Payment) -> None:
    assert (await pay.until_over()).status == PayoutStatus.TRANSFERRED


async def test_a_claim_is_heard_confirmed_by_another_and_kept_back_from_the_next_payment(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.STATEMENT: SILENCE}) as first:
        stage = first.stage
        await paid(first)
        claim, handle = await asked_for(stage, 4_000)
        item = await waits(stage, claim)
        assert item.kind == ItemKind.STATEMENT
        later = await first.beside(15_000)
        assert await stage.people.decide(item, Objection(content_id=""))
        await stage.clock.settle([handle])
        item = await waits(stage, claim)
        assert (item.kind, item.code) == (ItemKind.CLAIM, "objected")
        one, other = stage.people.staff[Role.FINANCE]
        confirm = ClaimVerdict(answer="confirm")
        refused = await stage.people.decide(item, confirm, actor=one)
        assert refused == DecisionResult(applied=False, code="claimant")
        assert await stage.people.decide(item, confirm, actor=other)
        await stage.clock.settle([handle])
        # The page that was opened before does not show what is kept back now.
        release = await stage.open_item(ItemKind.RELEASE)
        stale = await stage.people.decide(release, ReleaseChoice())
        assert stale == DecisionResult(applied=False, code="netting_changed")
        assert await stage.people.decide(release, ReleaseChoice(netted_minor=4_000), actor=other)
        row = await later.until_over()
        assert (row.status, row.netted_minor) == (PayoutStatus.TRANSFERRED, 4_000)
        assert (await handle.result()) == ClaimResult(code="settled")
        money = await stage.money()
        assert (money.paid, money.recovered, money.creator_receivable) == (30_000, 4_000, 0)
        assert (money.payable, money.in_transit) == (0, 0)
        assert await story(stage, claim) == [
            "claim_back", "hearing_opened", "object", "claim_to_decide", "decide_claim",
            "claim_confirmed", "settled",
        ]  # fmt: skip


async def test_what_an_earlier_attempt_sent_without_keeping_it_back_is_open_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        stage = pay.stage
        async with session(engine) as db:
            of = await db.get_one(Collaboration, stage.collaboration.id)
            claim = await builders.claim(db, of, amount_minor=4_000)
        stage.world.transfers.append(
            TransferResult(
                outcome=TransferOutcome.TRANSFERRED, transfer_id="tr_late", amount_minor=12_500
            )
        )
        release = await pay.waits_for_release()
        assert await stage.people.decide(release, ReleaseChoice(netted_minor=4_000))
        row = await pay.until_over()
        assert (row.netted_minor, row.sent_minor) == (2_500, 12_500)
        money = await stage.money()
        assert (money.payable, money.in_transit, money.paid) == (0, 0, 15_000)
        assert (money.recovered, money.creator_receivable) == (2_500, 1_500)
        async with session(engine) as db:
            assert await claims.left_of(db, claim.id) == 1_500
            (booked,) = await reconciliation.books_of(db, [row.id])
        assert (booked.amount_minor, [each.settled_minor for each in booked.posted]) == (
            12_500, [12_500],
        )  # fmt: skip


async def test_what_another_transfer_has_sent_of_it_is_paid_though_all_of_it_is_kept_back(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        stage = pay.stage
        async with session(engine) as db:
            of = await db.get_one(Collaboration, stage.collaboration.id)
            claim = await builders.claim(db, of, amount_minor=15_000)
        release = await pay.waits_for_release()
        assert await stage.people.decide(release, ReleaseChoice(netted_minor=15_000))
        await taken_along(pay)
        stage.world.adopted = stage.world.adopted.model_copy(update={"amount_minor": 15_000})
        await pay.handle.signal(TAKEN_ALONG)
        row = await pay.ends()
        assert (row.status, row.shared_transfer_id) == (PayoutStatus.TRANSFERRED, "tr_other")
        assert row.netted_minor == 0
        async with session(engine) as db:
            assert await claims.left_of(db, claim.id) == 15_000


async def test_silence_is_decided_too_and_a_dropped_claim_keeps_nothing_back(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.STATEMENT: SILENCE}) as first:
        stage = first.stage
        claim, handle = await asked_for(stage, 4_000)
        await stage.clock.skip(handle, HEARD)
        await stage.clock.settle([handle])
        item = await waits(stage, claim)
        assert (item.kind, item.code) == (ItemKind.CLAIM, "")
        stage.world.broken_mails = 1
        assert await stage.people.decide(item, ClaimVerdict(answer="drop"))
        await stage.clock.settle([handle])
        retry = await waits(stage, claim)
        assert retry.kind == ItemKind.ATTENTION
        assert await stage.people.decide(retry, GOES_ON[ItemKind.ATTENTION])
        assert (await handle.result()) == ClaimResult(code="dropped")
        row = await first.until_over()
        assert (row.netted_minor, (await stage.money()).paid) == (0, 15_000)
        async with session(engine) as db:
            assert (await db.get_one(Claim, claim)).status == ClaimStatus.DROPPED
            assert await claims.left_of(db, claim) == 4_000


async def test_what_is_owed_may_be_all_of_a_payment_and_then_nothing_is_sent(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.STATEMENT: SILENCE}) as pay:
        stage = pay.stage
        claim, handle = await asked_for(stage, 15_000)
        await stage.clock.skip(handle, HEARD)
        await stage.clock.settle([handle])
        assert await stage.people.decide(await waits(stage, claim), ClaimVerdict(answer="confirm"))
        release = await stage.open_item(ItemKind.RELEASE)
        assert await stage.people.decide(release, ReleaseChoice(netted_minor=15_000))
        row = await pay.until_over()
        assert (row.status, row.transfer_id) == (PayoutStatus.NETTED, None)
        assert stage.world.requests == []
        assert (await handle.result()) == ClaimResult(code="settled")
        money = await stage.money()
        assert (money.paid, money.recovered) == (15_000, 15_000)
        assert (
            len(stage.world.sent) == 4
        )  # the claim, what became of it, the remittance, and the end of it
