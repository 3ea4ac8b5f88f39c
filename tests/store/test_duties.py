"""Who may decide: the role at that moment, and four eyes on money."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.decisions import (
    Choice,
    CounterChoice,
    DecisionKind,
    OfferChoice,
    PlainChoice,
    PublicationJudgement,
    ReleaseChoice,
    ReviewChoice,
    SettleChoice,
)
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import (
    Append,
    ApplyDecision,
    OpenItem,
)
from domain.payees import PayeeAccount, account_digest
from store import batches, desk, items, other_payments, payouts, release_limit, staff
from store.engine import session
from store.records import append, apply_decision
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    InboxItem,
    Payout,
    PayoutAttempt,
    Staff,
)
from tests import builders
from tests.builders import NOW
from tests.store.deciding import APPROVE, RELEASE, SIGN_OFF, creator_of, decide
from tests.tampering import unguarded

DAY = timedelta(days=1)
GO_ON = PlainChoice(kind=DecisionKind.RESUME_PAYOUT)
CALL_OFF = PlainChoice(kind=DecisionKind.CANCEL_PAYOUT)
HOLD = PlainChoice(kind=DecisionKind.HOLD_PAYOUT)
RETRY = PlainChoice(kind=DecisionKind.RETRY_PAYOUT)
PAID = SettleChoice(answer="adopt")

# --- who may -------------------------------------------------------------------------------


async def test_a_role_revoked_between_click_and_application_counts(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        ref = await builders.decision(db, begun, reviewer, APPROVE)
        await staff.update_staff(db, reviewer.id, roles=[Role.FINANCE])
    command = ApplyDecision(head=builders.head_of(begun), at=NOW, ref=ref)
    assert (await apply_decision(engine, command)).code == "not_allowed"


async def test_somebody_who_has_left_decides_nothing(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        await staff.deactivate(db, reviewer.id)
    assert (await decide(engine, begun, reviewer, APPROVE))[1].code == "not_allowed"


async def test_a_manager_stands_in_once_a_review_was_escalated(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    async with session(engine) as db:
        manager = await builders.staff(db, (Role.MANAGER,))
    waiting = OpenItem(kind=ItemKind.DRAFT)
    await append(
        engine,
        Append(
            head=builders.head_of(begun), at=NOW, key="waits", event="waits", open_items=(waiting,)
        ),
    )
    assert (await decide(engine, begun, manager, APPROVE))[1].code == "not_allowed"
    async with session(engine) as db:
        (await db.scalars(select(InboxItem))).one().escalated = True
    assert (await decide(engine, begun, manager, APPROVE))[1].code == "applied"


async def test_a_creator_answers_for_herself_only(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    async with session(engine) as db:
        stranger = await builders.creator(db)
    yes = OfferChoice(answer="interested")
    assert (await decide(engine, begun, stranger, yes))[1].code == "not_allowed"
    herself = await creator_of(engine, begun)
    assert (await decide(engine, begun, herself, yes))[1].code == "applied"


async def test_staff_cannot_answer_in_a_creators_place(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    yes = OfferChoice(answer="interested")
    assert (await decide(engine, begun, reviewer, yes))[1].code == "not_allowed"


# --- separation of duties ------------------------------------------------------------------


async def owed(db: AsyncSession, kind: str = "publication_verified", **file: Any) -> Payout:
    campaign = await builders.campaign(db, builders.campaign_file(**file))
    return await builders.payout(db, await builders.collaboration(db, campaign), kind=kind)


async def everybody(db: AsyncSession) -> Staff:
    return await builders.staff(db, (Role.MANAGER, Role.REVIEWER, Role.FINANCE))


@pytest.mark.parametrize(
    "choice",
    [
        SIGN_OFF,
        APPROVE,
        CounterChoice(answer="accept"),
        PublicationJudgement(answer="verified"),
    ],
    ids=lambda choice: choice.kind.value,
)
async def test_who_caused_a_payment_does_not_release_it(
    engine: AsyncEngine, choice: Choice
) -> None:
    async with session(engine) as db:
        payout, person, other = await owed(db), await everybody(db), await everybody(db)
        campaign = await db.get_one(Campaign, payout.campaign_id)
        collaboration = await db.get_one(Collaboration, payout.collaboration_id)
    subject = campaign if choice is SIGN_OFF else collaboration
    assert (await decide(engine, subject, person, choice))[1].code == "applied"
    assert (await decide(engine, payout, person, RELEASE))[1].code == "requester"
    assert (await decide(engine, payout, other, RELEASE))[1].code == "applied"


@pytest.mark.parametrize(("staffing", "code"), [("team", "requester"), ("solo", "applied")])
async def test_who_started_a_campaign_does_not_release_its_payments(
    engine: AsyncEngine, staffing: str, code: str
) -> None:
    async with session(engine) as db:
        person, file = await everybody(db), builders.campaign_file(staffing=staffing)
        campaign = await builders.campaign(db, file, started_by=person.id)
        payout = await builders.payout(db, await builders.collaboration(db, campaign))
    assert (await decide(engine, payout, person, RELEASE))[1].code == code


async def test_sending_a_draft_back_does_not_make_a_requester(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout, person = await owed(db), await everybody(db)
        collaboration = await db.get_one(Collaboration, payout.collaboration_id)
    await decide(engine, collaboration, person, ReviewChoice(answer="changes"))
    assert (await decide(engine, payout, person, RELEASE))[1].code == "applied"


@pytest.mark.parametrize("status", ["held", "requested", "released", "in_doubt"])
@pytest.mark.parametrize("outcome", [None, "in_doubt", "under_way", "transferred"])
async def test_what_an_attempt_may_have_paid_is_not_called_off(
    engine: AsyncEngine, status: str, outcome: str | None
) -> None:
    async with session(engine) as db:
        payout, person = await owed(db, "bonus"), await everybody(db)
        payout.status = status
        await builders.attempt(db, payout, outcome=outcome)
    assert (await decide(engine, payout, person, CALL_OFF))[1].code == "may_be_paid"
    async with unguarded(engine) as db:
        (await db.get_one(PayoutAttempt, (payout.id, 1))).outcome = "not_found"
    assert (await decide(engine, payout, person, CALL_OFF))[1].code == "applied"


@pytest.mark.parametrize("status", ["held", "requested"])
async def test_what_an_earlier_worker_may_still_pay_is_not_called_off(
    engine: AsyncEngine, status: str
) -> None:
    async with session(engine) as db:
        payout, person = await owed(db), await everybody(db)
        payout.status, payout.releases = status, 1
        until = NOW + timedelta(seconds=1)
        refused = await builders.attempt(db, payout, outcome="refused", late_until=until)
    assert (await decide(engine, payout, person, CALL_OFF))[1].code == "may_be_paid"
    assert (await decide(engine, payout, person, PAID))[1].code == "may_be_paid"
    async with session(engine) as db:
        (await db.get_one(PayoutAttempt, (payout.id, refused.number))).late_until = NOW
    assert (await decide(engine, payout, person, PAID))[1].code == "applied"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (PAID, CALL_OFF, "already_decided"),
        (PAID, HOLD, "already_decided"),
        (CALL_OFF, PAID, "already_decided"),
        (CALL_OFF, RELEASE, "already_decided"),
        (HOLD, PAID, "already_on_hold"),
        (HOLD, RETRY, "already_on_hold"),
        (HOLD, RELEASE, "already_on_hold"),
        (GO_ON, CALL_OFF, "already_decided"),
        (HOLD, CALL_OFF, "applied"),
        (RELEASE, HOLD, "applied"),
        (RETRY, HOLD, "applied"),
    ],
)
async def test_of_two_decisions_in_the_same_moment_the_second_is_told_of_the_first(
    engine: AsyncEngine, first: Choice, second: Choice, code: str
) -> None:
    async with session(engine) as db:
        payout, one, other = await owed(db), await everybody(db), await everybody(db)
        payout.releases = 1
        start = builders.head_of(payout)
    ref, said = await decide(engine, payout, one, first)
    assert said.code == "applied"
    # A reminder that was under way says nothing about what was decided.
    await append(engine, Append(head=said.head, at=NOW, key="nudge", event="staff_reminded"))
    assert (await decide(engine, payout, other, second))[1].code == code
    again = await apply_decision(engine, ApplyDecision(head=start, at=NOW, ref=ref))
    assert again.choice is not None, "the first one stands, however often it is applied"
    async with session(engine) as db:
        head = builders.head_of(await db.get_one(Payout, payout.id))
    await append(engine, Append(head=head, at=NOW, key="2", event="stopped"))
    assert (await decide(engine, payout, other, HOLD))[1].code == "applied"


async def test_what_was_not_released_may_be_paid_elsewhere_with_what_a_release_needs(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        campaign = await builders.campaign(db, brand={"country": "FR"})
        payout = await builders.payout(db, await builders.collaboration(db, campaign))
        person = await everybody(db)
        kept = await other_payments.keep(db, payout.id, "2026-02-27", "Wire 7731", NOW)
    wire = SettleChoice(answer="elsewhere", content_id=kept)
    assert (await decide(engine, payout, person, wire))[1].code == "tax_missing"
    async with session(engine) as db:
        other, releasing = await owed(db), await everybody(db)
    assert (await decide(engine, other, releasing, PAID))[1].code == "wrong_stage"


async def test_the_first_of_two_who_say_that_it_was_paid_stops_nobody(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db, amount_minor=45_000, releases=1)
    one = await finance_of(engine)
    assert (await decide(engine, payout, one, PAID))[1].releases_needed == 2
    assert (await decide(engine, payout, one, HOLD))[1].code == "applied"


async def test_a_brand_of_one_person_may_release_what_it_caused(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout, person = await owed(db, staffing="solo"), await everybody(db)
        campaign = await db.get_one(Campaign, payout.campaign_id)
    await decide(engine, campaign, person, SIGN_OFF)
    first, released = await decide(engine, payout, person, RELEASE)
    assert released.code == "applied"
    assert released.releases_needed == 1
    twice = await decide(engine, payout, person, RELEASE, earlier=(first.decision_id,))
    assert twice[1].code == "same_person"


async def test_the_same_person_is_not_both_releases(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await owed(db)
        first, second = [await builders.staff(db, (Role.FINANCE,)) for _ in range(2)]
    ref, _ = await decide(engine, payout, first, RELEASE)
    earlier = (ref.decision_id,)
    assert (await decide(engine, payout, first, RELEASE, earlier=earlier))[1].code == "same_person"
    assert (await decide(engine, payout, second, RELEASE, earlier=earlier))[1].code == "applied"


async def test_a_release_is_for_the_account_that_the_person_was_shown(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db, amount_minor=45_000)
        who = await db.get_one(Creator, payout.creator_id)
    first, second = await finance_of(engine), await finance_of(engine)
    before_any, _ = await decide(engine, payout, first, RELEASE)
    async with session(engine) as db:
        await builders.recipient(db, who, account_id="acct_a")
    a, b = (ReleaseChoice(account=account_digest(each)) for each in ("acct_a", "acct_b"))
    earlier = (before_any.decision_id,)
    assert (await decide(engine, payout, second, RELEASE))[1].code == "account_changed"
    assert (await decide(engine, payout, second, b, earlier=earlier))[1].code == "account_changed"
    assert (await payee_of(engine, payout)) is None
    assert (await decide(engine, payout, second, a, earlier=earlier))[1].code == "applied"
    assert (await payee_of(engine, payout)) == "acct_a"


async def test_a_second_release_is_not_for_another_account_than_the_first(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db, amount_minor=45_000)
        who = await db.get_one(Creator, payout.creator_id)
        await builders.recipient(db, who, account_id="acct_a")
    a, b = (ReleaseChoice(account=account_digest(each)) for each in ("acct_a", "acct_b"))
    one, two = await finance_of(engine), await finance_of(engine)
    first, _ = await decide(engine, payout, one, a)
    async with session(engine) as db:
        await payouts.save_new_recipient(db, who.id, "acct_b", "active", (), NOW + DAY)
        await builders.attempt(db, payout, outcome="transferred", first_sent_at=NOW)
    async with session(engine) as db:
        [line] = await batches.lines(db, two.id, [payout.id])
        assert line.account == PayeeAccount("acct_b", NOW + DAY, is_new=True)
        assert (line.facts.new_account, line.facts.obstacle) == (True, "first_for_another")
        # What is read of the same account again does not make it younger.
        await payouts.save_new_recipient(db, who.id, "acct_b", "pending", (), NOW + 2 * DAY)
        assert (await batches.lines(db, two.id, [payout.id]))[0].account == line.account
    earlier = (first.decision_id,)
    assert (await decide(engine, payout, two, b, earlier=earlier))[1].code == "first_for_another"
    assert (await payee_of(engine, payout)) == "acct_a"
    assert (await decide(engine, payout, one, b))[1].code == "applied", "released anew by two"
    assert (await payee_of(engine, payout)) == "acct_b"


async def payee_of(engine: AsyncEngine, payout: Payout) -> str | None:
    async with session(engine) as db:
        return (await db.get_one(Payout, payout.id)).payee_account


async def with_another(engine: AsyncEngine, payout: Payout, **values: Any) -> Payout:
    async with session(engine) as db:
        of = await db.get_one(Collaboration, payout.collaboration_id)
        return await builders.payout(db, of, kind="retention_passed", **values)


async def finance_of(engine: AsyncEngine) -> Staff:
    async with session(engine) as db:
        return await builders.staff(db, (Role.FINANCE,))


async def test_the_second_half_of_a_fee_above_the_limit_needs_two_people(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        half = await builders.payout(db, amount_minor=25_000)
    other, person = await with_another(engine, half, amount_minor=25_000), await finance_of(engine)
    first = (await decide(engine, half, person, RELEASE))[1]
    second = (await decide(engine, other, person, RELEASE))[1]
    assert (first.releases_needed, second.releases_needed) == (1, 2)
    async with session(engine) as db:
        asked = await release_limit.counted(db, other.id)
    assert asked == release_limit.Counted(25_000, 40_000, above=True, solo=False)


async def test_two_halves_released_in_the_same_moment_do_not_both_come_first(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        half = await builders.payout(db, amount_minor=25_000)
    other, person = await with_another(engine, half, amount_minor=25_000), await finance_of(engine)
    both = await asyncio.gather(*(decide(engine, each, person, RELEASE) for each in (half, other)))
    assert sorted(answer.releases_needed for _, answer in both) == [1, 2]


@pytest.mark.parametrize(
    ("before", "needed"),
    [
        ({"releases": 1, "status": "transferred"}, 2),
        ({"releases": 2, "status": "held"}, 2),
        ({"releases": 0, "status": "requested"}, 1),
        ({"releases": 1, "status": "cancelled"}, 1),
        ({"releases": 1, "status": "transferred", "reversed_minor": 25_000}, 1),
    ],
)
async def test_what_counts_is_what_was_let_go_and_is_still_gone(
    engine: AsyncEngine, before: dict[str, Any], needed: int
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db, amount_minor=25_000)
    await with_another(engine, payout, amount_minor=25_000, **before)
    person = await finance_of(engine)
    ref, answer = await decide(engine, payout, person, RELEASE)
    assert answer.releases_needed == needed
    async with session(engine) as db:
        head = builders.head_of(await db.get_one(Payout, payout.id))
    again = await apply_decision(engine, ApplyDecision(head=head, at=NOW, ref=ref))
    assert again.releases_needed == needed


async def test_who_says_that_money_taken_back_is_owed_again_does_not_release_it(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        first = await builders.payout(db, releases=1, status="transferred", reversed_minor=15_000)
        of = await db.get_one(Collaboration, first.collaboration_id)
        again = await builders.payout(db, of, kind="repayment", again_of=first.id)
        one, two = [await builders.staff(db, (Role.FINANCE,)) for _ in range(2)]
    assert (await decide(engine, again, one, GO_ON))[1].code == "applied"
    # A hold by hand that somebody ends later has nothing to do with what is owed.
    assert (await decide(engine, again, two, GO_ON))[1].code == "applied"
    assert (await decide(engine, again, one, RELEASE))[1].code == "requester"
    assert (await decide(engine, again, two, RELEASE))[1].code == "applied"


async def test_ending_a_hold_of_what_was_earned_does_not_make_a_requester(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        payout = await owed(db)
    person = await finance_of(engine)
    await decide(engine, payout, person, GO_ON)
    assert (await decide(engine, payout, person, RELEASE))[1].code == "applied"


async def test_a_manager_does_not_release_even_when_it_was_escalated(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout, manager = await owed(db), await builders.staff(db, (Role.MANAGER,))
    waiting = OpenItem(kind=ItemKind.RELEASE)
    await append(
        engine,
        Append(
            head=builders.head_of(payout), at=NOW, key="waits", event="waits", open_items=(waiting,)
        ),
    )
    async with session(engine) as db:
        (await db.scalars(select(InboxItem))).one().escalated = True
    assert (await decide(engine, payout, manager, RELEASE))[1].code == "not_allowed"


# --- what stands in whose inbox ------------------------------------------------------------


async def waiting_release(db: AsyncSession, payout: Payout) -> None:
    await items.open_item(
        db, OpenItem(kind=ItemKind.RELEASE), "payout", payout.id, payout.campaign_id, 1, NOW
    )


async def test_a_release_that_only_somebody_else_may_give_stands_apart(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        payout, person, other = await owed(db), await everybody(db), await everybody(db)
        manager = await builders.staff(db, (Role.MANAGER,))
        campaign = await db.get_one(Campaign, payout.campaign_id)
        await waiting_release(db, payout)
    await decide(engine, campaign, person, SIGN_OFF)
    async with session(engine) as db:
        finance = (await desk.inbox(db, person.roles, staff_id=person.id)).elsewhere
        assert [(row.item.subject_id, why) for row, why in finance] == [(payout.id, "requester")]
        assert not (await desk.inbox(db, person.roles, staff_id=person.id)).total
        assert await desk.next_item(db, person.roles, "", person.id) == ""
        theirs = await desk.inbox(db, other.roles, staff_id=other.id)
        assert (theirs.total, theirs.elsewhere) == (1, ())
        (await db.scalars(select(InboxItem))).one().escalated = True
        overdue = await desk.inbox(db, manager.roles, staff_id=manager.id)
        assert (overdue.total, [why for _, why in overdue.elsewhere]) == (0, ["overdue"])


async def test_a_kill_fee_that_no_manager_decides_is_shown_to_finance_who_cannot_decide_it(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        finance = await builders.staff(db, (Role.FINANCE,))
        asked = OpenItem(kind=ItemKind.KILL_FEE)
        await items.open_item(db, asked, "collaboration", of.id, of.campaign_id, 1, NOW)
        before = await desk.inbox(db, finance.roles, staff_id=finance.id)
        assert (before.total, before.elsewhere) == (0, ())
        item = (await db.scalars(select(InboxItem))).one()
        item.escalated = True
        late = await desk.inbox(db, finance.roles, staff_id=finance.id)
        assert (late.total, [why for _, why in late.elsewhere]) == (0, ["undecided"])
        chased = await db.scalars(
            select(InboxItem.id)
            .join(Campaign, Campaign.id == InboxItem.campaign_id)
            .outerjoin(Payout, Payout.id == InboxItem.subject_id)
            .where(desk.waits_for(finance.id, finance.roles))
        )
        assert chased.all() == [item.id]


async def test_after_the_first_release_the_inbox_says_that_a_second_person_has_to(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        payout = await owed(db)
        first, second = [await builders.staff(db, (Role.FINANCE,)) for _ in range(2)]
    await decide(engine, payout, first, RELEASE)
    async with session(engine) as db:
        (await db.get_one(Payout, payout.id)).releases = 1
        await waiting_release(db, payout)
        mine = await desk.inbox(db, first.roles, staff_id=first.id)
        assert (mine.total, [why for _, why in mine.elsewhere]) == (0, ["same_person"])
        assert (await desk.inbox(db, second.roles, staff_id=second.id)).total == 1
        # Taken back: nothing of the first release is left, so the same person may begin again.
        (await db.get_one(Payout, payout.id)).releases = 0
        await db.flush()
        assert (await desk.inbox(db, first.roles, staff_id=first.id)).total == 1


async def test_a_manager_may_stop_a_payment_and_never_release_it(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout, manager = await owed(db), await builders.staff(db, (Role.MANAGER,))
    assert (await decide(engine, payout, manager, HOLD))[1].code == "applied"
    assert (await decide(engine, payout, manager, RELEASE))[1].code == "not_allowed"
