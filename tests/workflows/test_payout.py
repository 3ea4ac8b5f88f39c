"""The life of a payment: released by people, held and tried again, sent once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import Maintenance
from domain.decisions import DecisionKind, ReviewChoice
from domain.errors import ContentConflict, RailStopped, Unavailable
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role, StreamKind
from domain.messages import (
    COLLABORATION_SUSPENDED,
    RECIPIENT_CHANGED,
    DecisionResult,
    HeldPayout,
    Suspension,
    TransferOutcome,
    TransferResult,
)
from integrations.temporal import send_decision
from store import rail_stops
from store.engine import session
from store.tables import Creator, Decision, InboxItem, Payout, Recipient, Staff
from tests import builders
from tests.builders import NOW
from tests.workflows.payment import Payment, payment
from tests.workflows.people import GOES_ON, SILENCE

ABOVE_LIMIT = 45_000
RELEASE = GOES_ON[ItemKind.RELEASE]
DONE = DecisionResult(applied=True)
NOT_ONBOARDED = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="inactive")
NO_FUNDS = TransferResult(outcome=TransferOutcome.WAITING_FUNDS, code="balance_insufficient")
PAYEE_CHANGED = TransferResult(outcome=TransferOutcome.PAYEE_CHANGED, code="payee_changed")
UNDER_WAY = TransferResult(outcome=TransferOutcome.UNDER_WAY)
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


async def test_the_half_that_comes_to_more_than_the_limit_is_asked_for_a_second_time(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT - 20_000) as pay:
        people = pay.stage.people
        one, two = people.staff[Role.FINANCE]
        await people.decide(await pay.waits_for_release(), RELEASE, actor=one)
        assert (await pay.rests()).status == PayoutStatus.RELEASED
        other = await pay.beside(ABOVE_LIMIT - 20_000)
        first = await other.waits_for_release()
        assert first.code == "1/1"
        assert await people.decide(first, RELEASE, actor=one) == DONE
        asked = await other.waits_for_release()
        assert (asked.subject_id, asked.code) == (other.payout_id, "2/2")
        again = await people.decide(asked, RELEASE, actor=one)
        assert again == DecisionResult(applied=False, code="same_person")
        assert await people.decide(asked, RELEASE, actor=two) == DONE
        assert (await other.rests()).status == PayoutStatus.RELEASED


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
        held = await pay.rests()
        assert (held.status, held.hold_reason) == (PayoutStatus.HELD, HoldReason.BY_PERSON)
        again = await pay.says(DecisionKind.HOLD_PAYOUT, two)
        assert again == DecisionResult(applied=False, code="already_on_hold")
        assert pay.stage.world.requests == []
        row = await pay.ends()
        assert (row.status, row.attempt, row.hold_reason) == (PayoutStatus.TRANSFERRED, 1, None)
        assert (await pay.story()).count("released") == 2


async def test_a_manager_stops_a_payment_before_anybody_has_released_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}) as pay:
        asked = await pay.waits_for_release()
        manager = pay.stage.people.staff[Role.MANAGER][0]
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, manager)).applied
        assert (await pay.rests()).status == PayoutStatus.HELD
        late = await pay.stage.people.decide(asked, RELEASE)
        assert late == DecisionResult(applied=False, code="wrong_stage")
        rules = pay.stage.offer.payout_policy.release
        await pay.stage.clock.skip(pay.handle, rules.escalate_after + timedelta(minutes=1))
        await pay.rests()
        forgotten = await pay.stage.open_item(ItemKind.ON_HOLD)
        assert forgotten.reminded
        assert forgotten.escalated
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def _lose(pay: Payment, reason: str, at: datetime) -> None:
    """Stripe's word about the creator's account, as an event or an answer has it written down."""
    async with session(pay.stage.engine) as db:
        of = await db.get_one(Payout, pay.payout_id)
        known = await db.get(Recipient, of.creator_id)
        if known is None:
            known = await builders.recipient(db, await db.get_one(Creator, of.creator_id))
        known.requirements, known.updated_at = [reason], at


async def _on_hold(pay: Payment) -> InboxItem:
    async with session(pay.stage.engine) as db:
        found = await db.scalars(
            select(InboxItem).where(
                InboxItem.kind == ItemKind.ON_HOLD.value, InboxItem.closed_at.is_(None),
                InboxItem.subject_id == pay.payout_id,
            )
        )  # fmt: skip
        return found.one()


@pytest.mark.parametrize("reason", ["account_rejected", "account_gone"])
async def test_a_lost_account_holds_every_payment_of_the_creator_for_finance(
    temporal: WorkflowEnvironment, engine: AsyncEngine, reason: str
) -> None:
    sweep = Maintenance(engine, temporal.client).sweep
    async with payment(temporal, engine, plan={ItemKind.ON_HOLD: SILENCE}) as first:
        await first.until(PayoutStatus.RELEASED)
        second = await first.beside(9_000)
        await second.rests()
        await _lose(first, reason, NOW)
        assert await sweep() == 2
        for pay in (first, second):
            row = await pay.rests()
            assert (row.status, row.hold_reason) == (PayoutStatus.HELD, reason)
            assert (row.releases, row.attempt) == (0, 0)
            assert ("account_gone" in await pay.story()) is (reason == "account_gone")
            assert (await _on_hold(pay)).role == Role.FINANCE
        assert await sweep() == 0
        assert first.stage.world.requests == []
        # What a person lets go on stays free, until the loss is learned anew.
        item = await _on_hold(second)
        await second.stage.people.decide(item, GOES_ON[ItemKind.ON_HOLD])
        assert (await second.rests()).status == PayoutStatus.REQUESTED
        assert await sweep() == 0
        await _lose(first, reason, item.opened_at + timedelta(days=9))
        assert await sweep() == 1
        assert (await second.rests()).hold_reason == reason
        # A new account brings all of them back to release; a rejected one has none that is new.
        async with session(engine) as db:
            known = await db.get_one(Recipient, (await first.row()).creator_id)
            known.account_id, known.requirements = "acct_new", []
        gone = reason == "account_gone"
        assert await sweep() == (2 if gone else 0)
        for pay in (first, second) if gone else ():
            row = await pay.rests()
            assert (row.status, row.hold_reason) == ("requested", HoldReason.PAYEE_CHANGED)
            assert "account_back" in await pay.story()
            assert all(each.closed_at for each in await _items(pay, ItemKind.ON_HOLD))
        assert await sweep() == 0


async def test_a_suspension_holds_what_was_earned_until_it_is_lifted(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        await pay.until(PayoutStatus.RELEASED)
        await pay.handle.signal(COLLABORATION_SUSPENDED, Suspension(suspended=True))
        held = await pay.rests()
        assert (held.status, held.hold_reason) == (PayoutStatus.HELD, HoldReason.SUSPENDED)
        one = pay.stage.people.staff[Role.FINANCE][0]
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, one)).applied
        await pay.handle.signal(COLLABORATION_SUSPENDED, Suspension(suspended=False))
        still = await pay.rests()
        assert (still.status, still.hold_reason) == (PayoutStatus.HELD, HoldReason.BY_PERSON)
        assert pay.stage.world.requests == []
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def test_a_payment_that_waits_for_the_payee_can_be_stopped_too(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(NOT_ONBOARDED)
        pay.stage.world.holds.extend([True] * 20)
        await pay.until(PayoutStatus.HELD)
        await pay.handle.signal(RECIPIENT_CHANGED)
        await pay.rests()
        one = pay.stage.people.staff[Role.FINANCE][0]
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, one)).applied
        assert (await pay.rests()).hold_reason == HoldReason.BY_PERSON
        await pay.handle.signal(RECIPIENT_CHANGED)
        assert (await pay.rests()).hold_reason == HoldReason.BY_PERSON
        assert len(pay.stage.world.requests) == 1
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)


async def test_a_refused_payment_that_is_stopped_leaves_no_step_to_be_tried_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(RailStopped("the key was revoked"))
        await pay.until(PayoutStatus.RELEASED)
        await pay.stage.clock.skip_to_next_timer(pay.handle)
        await _held_by_the_rail(pay, True)
        # The row may say so a moment before the workflow does, whose task is then done again.
        await pay.rests()
        one = pay.stage.people.staff[Role.FINANCE][0]
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, one)).applied
        await pay.rests()
        async with session(engine) as db:
            still_open = await db.scalars(
                select(InboxItem.kind).where(
                    InboxItem.subject_id == pay.payout_id, InboxItem.closed_at.is_(None)
                )
            )
            assert list(still_open) == [ItemKind.ON_HOLD]
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def test_money_that_may_have_moved_cannot_be_stopped(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.ATTENTION: SILENCE}) as pay:
        pay.stage.world.transfers.append(IN_DOUBT)
        pay.stage.world.look_ups.append(RailStopped("the key was revoked"))
        await pay.until(PayoutStatus.IN_DOUBT)
        said = await pay.says(DecisionKind.HOLD_PAYOUT, pay.stage.people.staff[Role.FINANCE][0])
        assert said == DecisionResult(applied=False, code="too_late")
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


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


async def test_a_statement_that_cannot_be_sent_is_sent_when_a_person_says_so(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        await pay.until(PayoutStatus.RELEASED)
        pay.stage.world.broken_mails = 1
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        assert (await pay.story())[-3:] == ["transferred", "step_failed", "retry_step"]


async def test_a_payee_who_changed_since_the_release_brings_the_payment_back_to_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT) as pay:
        async with session(engine) as db:
            creator = await db.get_one(Creator, pay.stage.collaboration.creator_id)
            account = await builders.recipient(db, creator, account_id="acct_first")
        pay.stage.world.transfers.append(PAYEE_CHANGED)
        asked = await pay.waits_for_release()
        await pay.until(PayoutStatus.RELEASED)
        assert (await pay.row()).payee_account == "acct_first"
        async with session(engine) as db:
            (await db.get_one(Recipient, account.creator_id)).account_id = "acct_second"
        pay.stage.people.plan = {ItemKind.RELEASE: SILENCE}
        back = await pay.until(PayoutStatus.REQUESTED)
        assert (back.hold_reason, back.releases) == (HoldReason.PAYEE_CHANGED, 0)
        assert (await pay.stage.money()).payable == back.amount_minor
        old_page = await pay.stage.people.decide(asked, RELEASE)
        assert old_page == DecisionResult(applied=False, code="stale")
        pay.stage.people.plan = {}
        row = await pay.ends()
        assert (row.payee_account, row.releases, row.hold_reason) == ("acct_second", 2, None)
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


async def test_no_attempt_is_made_or_booked_while_its_cause_is_certainly_there(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.append(NO_FUNDS)
        pay.stage.world.holds.extend([True, True, True])
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)
        held = HeldPayout(payout_id=pay.payout_id, reason=HoldReason.WAITING_FUNDS)
        assert pay.stage.world.asked_about == [held] * 4


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


async def _items(pay: Payment, kind: ItemKind) -> list[InboxItem]:
    async with session(pay.stage.engine) as db:
        found = await db.scalars(
            select(InboxItem).where(
                InboxItem.subject_id == pay.payout_id, InboxItem.kind == kind.value
            )
        )
        return list(found)


async def test_finance_sees_what_is_in_doubt_and_is_reminded_until_it_is_known(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    """The provider's list cannot be read: the operators have a step, and finance hears too."""
    async with payment(temporal, engine, plan={ItemKind.ATTENTION: SILENCE}) as pay:
        pay.stage.world.transfers.append(IN_DOUBT)
        pay.stage.world.look_ups.append(ContentConflict("there are two"))
        row = await pay.until(PayoutStatus.IN_DOUBT)
        (item,) = await _items(pay, ItemKind.IN_DOUBT)
        assert (item.role, item.due_at, item.closed_at) == (Role.FINANCE, row.pay_by, None)
        # The row may say so a moment before the look-up has failed.
        while not await _items(pay, ItemKind.ATTENTION):  # noqa: ASYNC110 - only the rows know
            await asyncio.sleep(0.02)
        await pay.rests()
        rules = pay.stage.offer.payout_policy.release
        await pay.stage.clock.skip(pay.handle, rules.escalate_after)
        for _ in range(20):
            await pay.stage.clock.skip(pay.handle, timedelta(minutes=1))
            (item,) = await _items(pay, ItemKind.IN_DOUBT)
            if item.escalated:
                break
        assert (item.reminded > 0, item.escalated, item.closed_at) == (True, True, None)
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        (item,) = await _items(pay, ItemKind.IN_DOUBT)
        assert item.closed_at is not None


async def test_attempts_that_never_happen_follow_at_a_distance_and_then_a_person_is_asked(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan={ItemKind.UNPAID: SILENCE}) as pay:
        hopeless = ContentConflict("before the attempt has a row")
        pay.stage.world.transfers.extend([hopeless] * 12)
        await pay.until(PayoutStatus.RELEASED)
        await pay.stage.clock.skip_to_next_timer(pay.handle)
        for _ in range(100):
            await pay.rests()
            if "never_happened" in await pay.story():
                break
            await asyncio.sleep(0.02)
        row = await pay.rests()
        assert (row.status, row.attempt, len(await _items(pay, ItemKind.UNPAID))) == (
            PayoutStatus.RELEASED, 1, 0,
        )  # fmt: skip
        assert row.sends_at is not None
        assert row.sends_at > row.updated_at, "a moment later, and the page says when"
        await pay.handle.signal(RECIPIENT_CHANGED)
        for _ in range(100):
            if (row := await pay.rests()).attempt == 2:
                break
            await asyncio.sleep(0.02)
        assert row.attempt == 2, "what may have ended the cause is not waited out"
        held = await pay.until(PayoutStatus.HELD)
        assert (held.hold_reason, held.attempt) == (HoldReason.REFUSED, 5)
        for _ in range(100):
            await pay.rests()
            if asked := await _items(pay, ItemKind.UNPAID):
                break
            await asyncio.sleep(0.02)
        assert [item.code for item in asked] == ["never_arrives"]
        assert (await pay.stage.money()).payable == held.amount_minor
        pay.stage.world.transfers.clear()
        pay.stage.people.plan = {}
        assert (await pay.ends()).attempt == 6


async def test_finance_hears_of_a_payment_without_an_answer_for_a_quarter_of_an_hour(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.transfers.extend([Unavailable("try again later")] * 12)
        await pay.until(PayoutStatus.SENDING)
        assert await _items(pay, ItemKind.IN_DOUBT) == []
        await pay.stage.clock.skip(pay.handle, timedelta(minutes=15))
        await pay.rests()
        (item,) = await _items(pay, ItemKind.IN_DOUBT)
        assert (item.code, item.closed_at) == ("no_answer", None)
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        (item,) = await _items(pay, ItemKind.IN_DOUBT)
        assert item.closed_at is not None


async def _held_by_the_rail(pay: Payment, wanted: bool) -> Payout:
    for _ in range(100):
        row = await pay.rests()
        if (row.hold_reason == HoldReason.RAIL_STOPPED) is wanted:
            return row
        await asyncio.sleep(0.1)
    raise AssertionError(await pay.story())


@pytest.mark.parametrize("in_doubt", [False, True])
async def test_a_stopped_rail_asks_nobody_about_each_payment_and_ends_for_all(
    temporal: WorkflowEnvironment, engine: AsyncEngine, in_doubt: bool
) -> None:
    refusal = RailStopped("the key was revoked")
    sweep = Maintenance(engine, temporal.client).sweep
    async with payment(temporal, engine) as pay:
        async with session(engine) as db:
            await rail_stops.stop(db, "Stripe refuses our key", "mark", NOW)
        world = pay.stage.world
        world.transfers.append(IN_DOUBT if in_doubt else refusal)
        world.holds.extend([True] * 20)
        if in_doubt:
            world.look_ups.append(refusal)
        await pay.until(PayoutStatus.RELEASED)
        await pay.stage.clock.skip_to_next_timer(pay.handle)
        held = await _held_by_the_rail(pay, True)
        assert held.status == (PayoutStatus.IN_DOUBT if in_doubt else PayoutStatus.HELD)
        assert await sweep() == 0
        async with session(engine) as db:
            stop = await rail_stops.standstill(db)
            assert stop is not None
            assert stop.waiting == 1
            world.holds.clear()
            assert await rail_stops.resume(db, stop.stop.id, NOW)
        assert await sweep() == 1
        await _held_by_the_rail(pay, False)
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)
        assert await sweep() == 0
        assert [kind for kind, _ in pay.stage.people.answered] == [ItemKind.RELEASE]


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


async def test_what_the_approvers_leave_lying_is_handed_to_the_substitute_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    rules = {"approvers": ["noor@brand.example"], "substitute": "sam@brand.example"}
    file = builders.campaign_file(
        release={"second_person_above": "400 EUR", "substitute_after": "3 days"} | rules
    )
    async with payment(temporal, engine, plan={ItemKind.RELEASE: SILENCE}, file=file) as pay:
        assert not (await pay.waits_for_release()).handed_over
        await pay.stage.clock.skip(pay.handle, timedelta(days=3, minutes=1))
        assert (await pay.waits_for_release()).handed_over
        await pay.stage.clock.skip(pay.handle, timedelta(days=4))
        await pay.rests()
        assert (await pay.story()).count("handed_over") == 1
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def test_finance_hears_before_a_pay_by_date_that_is_near_has_passed(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    rules = {"approvers": ["noor@brand.example"], "substitute": "sam@brand.example"}
    file = builders.campaign_file(release={"second_person_above": "400 EUR"} | rules)
    within = timedelta(days=1)
    plan = {ItemKind.RELEASE: SILENCE}
    async with payment(temporal, engine, plan=plan, file=file, pay_within=within) as pay:
        item = await pay.waits_for_release()
        assert item.due_at == (await pay.row()).pay_by
        await pay.stage.clock.skip(pay.handle, timedelta(hours=13))
        item = await pay.waits_for_release()
        assert (item.reminded, item.handed_over, item.escalated) == (1, False, False)
        await pay.stage.clock.skip(pay.handle, timedelta(hours=6))
        item = await pay.waits_for_release()
        assert (item.reminded, item.handed_over, item.escalated) == (1, True, True)
        pay.stage.people.plan = {}
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED


async def test_a_bank_transfer_is_being_sent_until_the_bank_has_answered(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    """The first attempt is rejected after days, the second is booked."""
    async with payment(temporal, engine) as pay:
        world = pay.stage.world
        world.transfers.extend([UNDER_WAY, UNDER_WAY])
        world.look_ups.extend(
            [UNDER_WAY] * 6
            + [TransferResult(outcome=TransferOutcome.REFUSED, code="MS03"), UNDER_WAY]
            + [TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id="pay-1-2")]
        )
        sending = await pay.until(PayoutStatus.SENDING)
        assert (sending.hold_reason, sending.attempt) == (None, 1)
        assert (await pay.stage.money()).in_transit == sending.amount_minor
        row = await pay.ends()
        assert (row.status, row.transfer_id, row.attempt) == ("transferred", "pay-1-2", 2)
        assert [each.attempt for each in world.requests] == [1, 2]
        told = [each for each in await pay.story() if each in {"under_way", "held", "transferred"}]
        assert told == ["under_way", "held", "under_way", "transferred"]
