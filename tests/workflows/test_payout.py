"""The life of a payment: released by people, held and tried again, sent once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import DecisionKind, ReviewChoice
from domain.errors import RailStopped
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role, StreamKind
from domain.messages import (
    RECIPIENT_CHANGED,
    DecisionResult,
    TransferOutcome,
    TransferResult,
)
from integrations.temporal import send_decision
from store.engine import session
from store.tables import Decision, Payout, Staff
from tests import builders
from tests.workflows.payment import payment
from tests.workflows.people import GOES_ON, SILENCE

ABOVE_LIMIT = 45_000
RELEASE = GOES_ON[ItemKind.RELEASE]
NOT_ONBOARDED = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="inactive")
NO_FUNDS = TransferResult(outcome=TransferOutcome.WAITING_FUNDS, code="balance_insufficient")
IN_DOUBT = TransferResult(outcome=TransferOutcome.IN_DOUBT, code="timeout")


async def test_one_release_pays_below_the_limit(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        row = await pay.ends()
        assert (row.status, row.releases, row.attempt) == (PayoutStatus.TRANSFERRED, 1, 1)
        assert await pay.story() == [
            "release_asked", "release_payout", "released", "sending", "transferred",
        ]  # fmt: skip


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
        await people.decide(await pay.waits_for_release(), RELEASE, actor=one)
        again = await people.decide(await pay.waits_for_release(), RELEASE, actor=one)
        assert again == DecisionResult(applied=False, code="same_person")
        assert (await pay.row()).status == PayoutStatus.REQUESTED
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def test_who_approved_the_draft_cannot_release_its_payment(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        async with session(engine) as db:
            both = await builders.staff(db, [Role.REVIEWER, Role.FINANCE])
            approve = ReviewChoice(answer="approve")
            ref = await builders.decision(db, pay.stage.collaboration, both, approve)
            (await db.get_one(Decision, ref.decision_id)).status = "applied"
        item = await pay.waits_for_release()
        refused = await pay.stage.people.decide(item, RELEASE, actor=both.id)
        assert refused == DecisionResult(applied=False, code="requester")
        assert (await pay.row()).status == PayoutStatus.REQUESTED


async def test_a_release_can_be_taken_back_while_it_cools_and_given_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        await pay.until(PayoutStatus.RELEASED)
        _, two = pay.stage.people.staff[Role.FINANCE]
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, two)).applied
        assert (await pay.rests()).status == PayoutStatus.REQUESTED
        assert pay.stage.world.requests == []
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 1)
        assert (await pay.story()).count("released") == 2


async def test_a_release_cannot_be_taken_back_once_money_may_have_moved(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(NOT_ONBOARDED)
        await pay.until(PayoutStatus.HELD)
        said = await pay.says(DecisionKind.HOLD_PAYOUT, pay.stage.people.staff[Role.FINANCE][0])
        assert said == DecisionResult(applied=False, code="too_late")


async def test_a_creator_who_was_not_ready_is_paid_by_a_new_attempt(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(NOT_ONBOARDED)
        held = await pay.until(PayoutStatus.HELD)
        assert held.hold_reason == HoldReason.NOT_ONBOARDED
        assert (await pay.stage.money()).payable == held.amount_minor
        await pay.handle.signal(RECIPIENT_CHANGED)
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)
        assert [each.attempt for each in pay.stage.world.requests] == [1, 2]


async def test_a_payment_without_funds_is_tried_again_after_a_while(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.extend([NO_FUNDS, NO_FUNDS])
        held = await pay.until(PayoutStatus.HELD)
        assert held.hold_reason == HoldReason.WAITING_FUNDS
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 3)
        assert pay.stage.people.answered == [(ItemKind.RELEASE, pay.payout_id)]


async def test_a_doubtful_attempt_that_happened_is_not_made_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        found = TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id="tr_found")
        pay.stage.world.transfers.append(IN_DOUBT)
        pay.stage.world.look_ups.append(found)
        row = await pay.ends()
        assert (row.transfer_id, row.attempt) == ("tr_found", 1)
        assert len(pay.stage.world.requests) == 1


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


async def test_a_double_click_is_one_release(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT) as pay:
        one, _ = pay.stage.people.staff[Role.FINANCE]
        item = await pay.waits_for_release()
        async with session(engine) as db:
            actor, payout = await db.get_one(Staff, one), await db.get_one(Payout, pay.payout_id)
            ref = await builders.decision(db, payout, actor, RELEASE, seen=item.seen)
        clicks = [
            send_decision(temporal.client, StreamKind.PAYOUT, pay.payout_id, ref) for _ in range(2)
        ]
        assert [result and result.code for result in await asyncio.gather(*clicks)] == [
            "applied", "applied",
        ]  # fmt: skip
        await pay.rests()
        assert (await pay.story()).count("release_payout") == 1
        assert (await pay.row()).status == PayoutStatus.REQUESTED


async def test_silent_finance_is_reminded_and_then_the_managers_see_it_too(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.RELEASE: SILENCE}) as pay:
        rules = pay.stage.offer.payout_policy.release
        await pay.rests()
        await pay.stage.clock.skip(pay.handle, rules.escalate_after + timedelta(minutes=1))
        item = await pay.waits_for_release()
        assert item.reminded == rules.escalate_after // rules.remind_after
        assert item.escalated
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
