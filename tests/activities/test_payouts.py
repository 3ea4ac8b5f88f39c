"""Paying through the real adapter, the stand-in and PostgreSQL: one transfer, whatever happens."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import ActivityEnvironment

from activities.payouts import KEY_LIFE, Payouts
from domain.errors import ContentConflict, NotFound, RailStopped, Unavailable
from domain.ids import attempt_key
from domain.lifecycle import HoldReason, PayoutStatus
from domain.messages import (
    AppliedEvent,
    OnboardingTask,
    Posting,
    PostingKind,
    StripeEventTask,
    TransferOutcome,
    TransferRequest,
    TransferResult,
)
from domain.reconciliation import DifferenceCode, compare
from integrations.stripe_webhooks import StripeEvent
from store import ledger, payees, rail_stops, reconciliation
from store import payouts as store
from store.engine import session
from store.payout_reads import payout_detail, waiting_for_release
from store.tables import (
    Creator,
    ExternalEvent,
    InboxItem,
    OnboardingLink,
    Payout,
    Recipient,
)
from tests import builders
from tests.activities.scene import PaymentScene
from tests.fixtures.stripe import StripeStandIn, eventually

T = TransferOutcome


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


class Scene(PaymentScene):
    """A payout that may be sent, its creator's account, and the stand-in."""

    def __init__(self, engine: AsyncEngine, standin: StripeStandIn, **rail: float) -> None:
        self.standin, self.clock = standin, Clock()
        self.rail = standin.rail(**({"max_network_retries": 0} | rail))
        payouts = Payouts(
            engine, self.rail, "http://127.0.0.1:8000", clock=self.clock,
            quiet=timedelta(seconds=60),
        )  # fmt: skip
        super().__init__(engine, payouts)
        self.account = ""
        self.applied = AppliedEvent()
        self.transfer = ""

    async def begin(self, *, onboarded: bool = True, account: bool = True) -> Scene:
        creator = await self.earn()
        if account:
            made = await self.rail.ensure_recipient(creator.id, "DE", creator.email, None)
            self.account = made.account_id
            if onboarded:
                self.standin.onboard(made.account_id)
            async with session(self.engine) as db:
                await builders.recipient(
                    db, await db.get_one(Creator, creator.id), account_id=made.account_id,
                    status="active" if onboarded else "pending",
                )  # fmt: skip
        return self

    async def held(self, reason: HoldReason) -> None:
        async with session(self.engine) as db:
            await db.execute(
                update(Payout)
                .where(Payout.id == self.payout_id)
                .values(status=PayoutStatus.HELD.value, hold_reason=reason.value)
            )

    async def event(self, kind: str, **about: str) -> list[str]:
        name = f"evt_{kind}_{about.get('object_id', '')}"
        event = StripeEvent(id=name, type=kind, thin=True, livemode=False, **about)
        async with session(self.engine) as db:
            row_id, _ = await store.store_event(
                db, "stripe", event.id, kind, event.model_dump(), self.clock()
            )
        self.applied = await self.payouts.apply_stripe_event(StripeEventTask(event_row_id=row_id))
        return list(self.applied.woken)

    def transfers(self) -> list[str]:
        every = self.standin.transfers()
        return [each["id"] for each in every if each["transfer_group"] == self.payout_id]


async def resume(scene: Scene, by: str | None = None) -> None:
    """Somebody lets payments go on."""
    async with session(scene.engine) as db:
        stop = await rail_stops.current(db)
        assert stop is not None
        assert await rail_stops.resume(db, stop.id, scene.clock(), by)


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    return await Scene(engine, stripe_standin).begin()


async def test_a_payout_is_one_transfer_however_often_it_is_sent(scene: Scene) -> None:
    first = await scene.send()
    assert first.outcome is T.TRANSFERRED
    assert await scene.send() == first
    assert await scene.send(attempt=2) == first
    assert await scene.look_up() == first
    assert scene.transfers() == [first.transfer_id]
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.key == attempt_key(scene.payout_id, 1)
    assert attempt.transfer_id == first.transfer_id
    assert await scene.attempt(2) is None


async def test_the_attempt_is_committed_before_stripe_is_called(scene: Scene) -> None:
    scene.standin.order_fault("slow", seconds=1.0)
    sending = asyncio.create_task(scene.send())
    await eventually(
        lambda: any(
            entry["fault"] == "slow" and scene.payout_id in entry["key"]
            for entry in scene.standin.requests("/v1/transfers")
        )
    )
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.outcome is None
    assert (await sending).outcome is T.TRANSFERRED


async def test_a_creator_without_an_account_is_not_onboarded_and_stripe_is_not_asked(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin(account=False)
    before = len(stripe_standin.requests("/v1/transfers"))
    assert (await scene.send()).outcome is T.NOT_ONBOARDED
    assert len(stripe_standin.requests("/v1/transfers")) == before
    assert await scene.attempt() is None


async def test_stripe_itself_refuses_an_account_that_is_not_ready(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin(onboarded=False)
    refused = await scene.send()
    assert (refused.outcome, refused.code) == (
        T.NOT_ONBOARDED, "insufficient_capabilities_for_transfer",
    )  # fmt: skip
    stripe_standin.onboard(scene.account)
    assert await scene.send() == refused
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED


async def test_missing_funds_need_a_new_attempt(scene: Scene) -> None:
    scene.standin.set_balance("eur", 0)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    scene.standin.set_balance("eur", 1_000_000)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    assert (await scene.send(2)).outcome is T.TRANSFERRED


@pytest.mark.parametrize("fault", ["429", "lock_timeout", "409"])
async def test_a_busy_stripe_is_asked_again_with_the_same_key(scene: Scene, fault: str) -> None:
    scene.standin.order_fault(fault)
    with pytest.raises(Unavailable):
        await scene.send()
    assert (await scene.send()).outcome is T.TRANSFERRED
    keys = {
        entry["key"]
        for entry in scene.standin.requests("/v1/transfers")
        if scene.payout_id in entry["key"]
    }
    assert keys == {attempt_key(scene.payout_id, 1)}


async def test_a_worker_that_died_in_the_call_is_followed_by_the_same_key(scene: Scene) -> None:
    scene.standin.order_fault("slow_after", seconds=3)
    dying = asyncio.create_task(scene.send())
    await eventually(lambda: bool(scene.transfers()))
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.outcome is None
    result = TransferResult(outcome=T.NOT_FOUND)
    for _ in range(200):
        try:
            result = await scene.send()
            break
        except Unavailable:  # the first request still holds the key
            await asyncio.sleep(0.2)
    assert [result.transfer_id] == scene.transfers()


@pytest.mark.parametrize("fault", ["drop_after", "500_after"])
async def test_a_transfer_whose_answer_was_lost_is_found_and_adopted(
    scene: Scene, fault: str
) -> None:
    scene.standin.order_fault(fault)
    assert (await scene.send()).outcome is T.IN_DOUBT
    assert (await scene.send()).outcome is T.IN_DOUBT
    found = await scene.look_up()
    assert found.outcome is T.TRANSFERRED
    assert scene.transfers() == [found.transfer_id]
    assert await scene.look_up() == found
    assert await scene.send() == found


@pytest.mark.parametrize(
    ("fault", "means", "paid_by"),
    [("drop_before", T.TRANSFERRED, 1), ("500_before", T.NOT_FOUND, 2)],
)
async def test_absence_is_settled_with_the_same_key_after_a_quiet_while(
    scene: Scene, fault: str, means: TransferOutcome, paid_by: int
) -> None:
    """A kept failure spends the key; otherwise the same key pays, and a new one is not needed."""
    scene.standin.order_fault(fault)
    assert (await scene.send()).outcome is T.IN_DOUBT
    with pytest.raises(Unavailable):
        await scene.look_up()
    with pytest.raises(Unavailable):
        await scene.send(attempt=2)
    scene.clock.pass_(seconds=61)
    assert (await scene.look_up()).outcome is means
    paid = await scene.send(attempt=2)
    assert scene.transfers() == [paid.transfer_id]
    attempt = await scene.attempt(paid_by)
    assert attempt is not None
    assert attempt.transfer_id == paid.transfer_id


async def test_what_is_paid_by_hand_while_it_is_in_doubt_is_not_sent_as_well(scene: Scene) -> None:
    scene.standin.order_fault("drop_before")
    assert (await scene.send()).outcome is T.IN_DOUBT
    made = await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"by-hand:{scene.payout_id}", scene.payout_id, {}
    )
    for wait in (timedelta(seconds=61), KEY_LIFE / 2):
        scene.clock.pass_(seconds=wait.total_seconds())
        with pytest.raises(Unavailable):
            await scene.look_up()
    scene.clock.pass_(seconds=KEY_LIFE.total_seconds() / 2)
    assert (await scene.look_up()).outcome is T.NOT_FOUND
    refused = await scene.send(attempt=2)
    assert (refused.outcome, refused.code) == (T.REFUSED, "foreign_transfer")
    assert scene.transfers() == [made.transfer_id]


async def test_an_attempt_that_was_never_made_was_never_sent(scene: Scene) -> None:
    assert (await scene.look_up(7)).outcome is T.NOT_FOUND


@pytest.mark.parametrize("fault", ["401", "403"])
async def test_a_refused_key_leaves_the_attempt_open(scene: Scene, fault: str) -> None:
    scene.standin.order_fault(fault)
    with pytest.raises(RailStopped):
        await scene.send()
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.outcome is None
    await resume(scene)
    assert (await scene.send()).outcome is T.TRANSFERRED


async def test_no_new_attempt_is_made_while_an_older_one_may_have_gone_through(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    """The first answer is lost, then the key is refused: the money went through all the same."""
    scene = await Scene(engine, stripe_standin, max_network_retries=1).begin()
    stripe_standin.order_fault("drop_after")
    stripe_standin.order_fault("401")
    # Not "on hold": nobody can be asked at the moment what became of it.
    assert await scene.send(attempt=1) == TransferResult(outcome=T.IN_DOUBT, code="rail_stopped")
    for number in (1, 2):
        with pytest.raises(RailStopped):
            await scene.look_up(number)
    assert (await scene.send(attempt=2)).outcome is T.IN_DOUBT
    await resume(scene)
    again = await scene.send(attempt=2)
    assert again.outcome is T.TRANSFERRED
    assert scene.transfers() == [again.transfer_id]
    first = await scene.attempt(1)
    assert first is not None
    assert first.transfer_id == again.transfer_id


async def test_what_a_new_attempt_stands_behind_is_looked_up_first(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    """An attempt was refused for its key, sent again, and its answer was lost: it has paid."""
    scene = await Scene(engine, stripe_standin).begin()
    stripe_standin.order_fault("401")
    with pytest.raises(RailStopped):
        await scene.send(attempt=1)
    await resume(scene)
    stripe_standin.order_fault("drop_after", method="POST")
    with pytest.raises(Unavailable):
        await scene.send(attempt=2)
    stripe_standin.order_fault("401")
    assert (await scene.send(attempt=2)).outcome is T.IN_DOUBT
    with pytest.raises(RailStopped):
        await scene.look_up(2)
    assert await scene.attempt(2) is None
    await resume(scene)
    paid = await scene.look_up(2)
    assert scene.transfers() == [paid.transfer_id]
    assert await scene.attempt(2) is None


async def test_a_key_of_yesterday_is_never_sent_again(scene: Scene) -> None:
    scene.standin.order_fault("429")
    with pytest.raises(Unavailable):
        await scene.send()
    scene.clock.pass_(hours=23, minutes=1)
    before = len(scene.standin.requests("/v1/transfers"))
    assert (await scene.send()).outcome is T.NOT_FOUND
    sent = scene.standin.requests("/v1/transfers")[before:]
    assert [entry["method"] for entry in sent] == ["GET"]
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED


async def test_another_account_under_the_same_key_is_a_conflict(scene: Scene) -> None:
    scene.standin.order_fault("429")
    with pytest.raises(Unavailable):
        await scene.send()
    async with session(scene.engine) as db:
        await db.execute(update(Recipient).values(account_id="acct_of_somebody_else"))
    with pytest.raises(ContentConflict):
        await scene.send()
    assert scene.transfers() == []


async def test_a_second_transfer_for_one_attempt_is_a_conflict(scene: Scene) -> None:
    await scene.send()
    other = TransferResult(outcome=T.TRANSFERRED, transfer_id="tr_other")
    with pytest.raises(ContentConflict):
        async with session(scene.engine) as db:
            await store.settle_attempt(db, scene.payout_id, 1, other, scene.clock())


async def test_a_transfer_that_somebody_made_by_hand_stops_the_payout(scene: Scene) -> None:
    scene.standin.order_fault("500_before")
    assert (await scene.send()).outcome is T.IN_DOUBT
    scene.clock.pass_(seconds=61)
    assert (await scene.look_up()).outcome is T.NOT_FOUND
    await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"by-hand:{scene.payout_id}", scene.payout_id, {}
    )
    refused = await scene.send(attempt=2)
    assert (refused.outcome, refused.code) == (T.REFUSED, "foreign_transfer")
    assert len(scene.transfers()) == 1
    # People say that it is the payment: from then on it is one like any other.
    for attempt in (3, 4):
        adopted = await scene.adopt(attempt)
        assert adopted.transfer_id == scene.transfers()[0]
    assert await scene.attempt(4) is None
    assert (await scene.send(attempt=5)).transfer_id == adopted.transfer_id
    assert len(scene.transfers()) == 1


async def test_a_transfer_that_turns_up_after_another_release_says_what_it_has_sent(
    scene: Scene,
) -> None:
    scene.standin.order_fault("500_before")
    await scene.send()
    scene.clock.pass_(seconds=61)
    assert (await scene.look_up()).outcome is T.NOT_FOUND
    async with session(scene.engine) as db:
        await db.execute(update(Payout).values(netted_minor=4_000))
    late = {"payout": scene.payout_id, "attempt": "1"}
    await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"late:{scene.payout_id}", scene.payout_id, late
    )
    for again in (2, 2, 3):
        sent = await scene.send(attempt=again)
        assert (sent.outcome, sent.amount_minor) == (T.TRANSFERRED, 15_000)
    assert [sent.transfer_id] == scene.transfers()


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ((14_999,), "foreign_differs"),
        ((15_000, 15_000), "foreign_transfers"),
        ((), "foreign_gone"),
    ],
)
async def test_only_one_transfer_of_the_whole_amount_is_taken_for_the_payment(
    scene: Scene, amounts: tuple[int, ...], code: str
) -> None:
    for number, amount in enumerate(amounts):
        key = f"by-hand:{scene.payout_id}:{number}"
        await scene.rail.transfer(scene.account, amount, "EUR", key, scene.payout_id, {})
    adopted = await scene.adopt(1)
    assert (adopted.outcome, adopted.code) == (T.REFUSED, code)


async def test_an_unknown_payout_is_not_found(scene: Scene) -> None:
    with pytest.raises(NotFound):
        await scene.payouts.send_transfer(TransferRequest(payout_id="pay_none", attempt=1))


async def test_the_worker_says_every_second_that_it_lives(scene: Scene) -> None:
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details)
    scene.standin.order_fault("slow", seconds=1.5)
    result = await environment.run(
        scene.payouts.send_transfer, TransferRequest(payout_id=scene.payout_id, attempt=1)
    )
    assert result.outcome is T.TRANSFERRED
    assert len(beats) >= 2


# --- onboarding and events -----------------------------------------------------------------


async def test_a_creator_gets_one_account_and_a_link_for_each_click(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin(account=False)
    urls = []
    for link_id in ("onb_1", "onb_1", "onb_2"):
        task = OnboardingTask(creator_id=scene.creator_id, link_id=link_id)
        assert await scene.payouts.prepare_onboarding(task) == link_id
        async with session(engine) as db:
            urls.append((await db.get_one(OnboardingLink, link_id)).url)
    assert urls[0] == urls[1] != urls[2]
    async with session(engine) as db:
        recipient = await db.get_one(Recipient, scene.creator_id)
    assert recipient.status == "pending"
    ours = [
        each["id"]
        for each in stripe_standin.accounts()
        if each["metadata"]["creator"] == scene.creator_id
    ]
    assert ours == [recipient.account_id]
    async with session(engine) as db:
        assert await payees.warning(db, recipient.account_id) == (), "nobody is warned of the first"
    stripe_standin.close_account(recipient.account_id)
    task = OnboardingTask(creator_id=scene.creator_id, link_id="onb_3")
    assert await scene.payouts.prepare_onboarding(task) == "onb_3"
    async with session(engine) as db:
        another = await db.get_one(Recipient, scene.creator_id, populate_existing=True)
        [event] = await db.scalars(select(ExternalEvent).filter_by(event_id="onb_3"))
        assert another.account_id != recipient.account_id
        [told] = await payees.warning(db, another.account_id)
    applied = await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=event.id))
    assert applied.mails == (told,), "was it you?"


async def test_finished_onboarding_wakes_the_creators_held_payments(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin(onboarded=False)
    await scene.send()
    await scene.held(HoldReason.NOT_ONBOARDED)
    stripe_standin.onboard(scene.account)
    kind = "v2.core.account[configuration.recipient].capability_status_updated"
    assert await scene.event(kind, account=scene.account) == [scene.payout_id]
    assert await scene.event(kind, account=scene.account) == [scene.payout_id]
    async with session(engine) as db:
        assert (await db.get_one(Recipient, scene.creator_id)).status == "active"
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED


async def test_an_event_says_what_to_read_not_what_to_believe(scene: Scene) -> None:
    scene.standin.restrict(scene.account)
    await scene.event("v2.core.account[requirements].updated", account=scene.account)
    async with session(scene.engine) as db:
        assert (await db.get_one(Recipient, scene.creator_id)).status == "restricted"


async def test_an_older_answer_never_overwrites_a_newer_one(scene: Scene) -> None:
    async with session(scene.engine) as db:
        seen = await db.get_one(Recipient, scene.creator_id)
    async with session(scene.engine) as db:
        assert await store.refresh_recipient(db, seen, "active", [], scene.clock())
        assert not await store.refresh_recipient(db, seen, "pending", ["x"], scene.clock())


async def test_money_that_arrives_wakes_those_who_wait_for_it(scene: Scene) -> None:
    await scene.held(HoldReason.WAITING_FUNDS)
    assert await scene.event("balance.available") == [scene.payout_id]
    await scene.held(HoldReason.BY_PERSON)
    assert await scene.event("topup.succeeded") == []


async def test_a_transfer_made_by_hand_before_any_attempt_is_told_at_once_and_stops_it(
    scene: Scene,
) -> None:
    made = await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"by-hand:{scene.payout_id}", scene.payout_id, {}
    )
    await scene.event("transfer.created", object_id=made.transfer_id)
    async with session(scene.engine) as db:
        (item,) = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
    assert item.code == "not_in_books"
    refused = await scene.send()
    assert (refused.outcome, refused.code) == (T.REFUSED, "foreign_transfer")
    assert scene.transfers() == [made.transfer_id]


async def test_a_transfer_made_by_hand_while_the_key_was_refused_stops_it_and_can_be_taken(
    scene: Scene,
) -> None:
    scene.standin.order_fault("401", "/v1/transfers")
    with pytest.raises(RailStopped):
        await scene.send()
    made = await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"by-hand:{scene.payout_id}", scene.payout_id, {}
    )
    await resume(scene)
    refused = await scene.send(attempt=2)
    assert (refused.outcome, refused.code) == (T.REFUSED, "foreign_transfer")
    assert scene.transfers() == [made.transfer_id]
    request = TransferRequest(payout_id=scene.payout_id, attempt=3)
    assert (await scene.payouts.adopt_transfer(request)).transfer_id == made.transfer_id


async def test_a_transfer_event_settles_an_attempt_whose_answer_was_lost(scene: Scene) -> None:
    scene.standin.order_fault("drop_after")
    assert (await scene.send()).outcome is T.IN_DOUBT
    (transfer,) = scene.transfers()
    assert await scene.event("transfer.created", object_id=transfer) == []
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.transfer_id == transfer


@pytest.mark.parametrize(("amount", "to_the_creator"), [(7, True), (15_000, False)])
async def test_a_transfer_that_only_bears_a_payments_name_does_not_pay_it(
    scene: Scene, amount: int, to_the_creator: bool
) -> None:
    scene.standin.order_fault("drop_before")
    assert (await scene.send()).outcome is T.IN_DOUBT
    account = scene.account if to_the_creator else await another_account(scene)
    names = {"payout": scene.payout_id, "attempt": "1"}
    sent = await scene.rail.transfer(
        account, amount, "EUR", f"x:{scene.payout_id}", scene.payout_id, names
    )
    await scene.event("transfer.created", object_id=sent.transfer_id)
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.transfer_id is None
    async with session(scene.engine) as db:
        (item,) = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
    assert item.code == "not_in_books"
    with pytest.raises(ContentConflict):
        await scene.look_up()


async def another_account(scene: Scene) -> str:
    made = await scene.rail.ensure_recipient("cre_other", "FR", "other@b.example", None)
    scene.standin.onboard(made.account_id)
    return made.account_id


async def test_events_about_strangers_and_of_the_other_mode_change_nothing(scene: Scene) -> None:
    await scene.held(HoldReason.NOT_ONBOARDED)
    assert await scene.event("account.updated", account="acct_stranger") == []
    assert await scene.event("transfer.created", object_id="tr_stranger") == []
    live = StripeEvent(
        id="evt_live", type="account.updated", thin=False, livemode=True, account=scene.account
    )
    async with session(scene.engine) as db:
        row_id, _ = await store.store_event(
            db, "stripe", live.id, live.type, live.model_dump(), scene.clock()
        )
    applied = await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=row_id))
    assert applied == AppliedEvent()


# --- finance -------------------------------------------------------------------------------


async def test_books_and_stripe_agree_after_a_payment(scene: Scene) -> None:
    result = await scene.send()
    listed = await scene.rail.find_transfers(scene.payout_id)
    async with session(scene.engine) as db:
        (behind,) = compare(await reconciliation.books(db), listed)
    assert behind.code is DifferenceCode.LEDGER_BEHIND
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.status = PayoutStatus.TRANSFERRED.value
        for kind in (PostingKind.SEND, PostingKind.SETTLE):
            posting = Posting(kind=kind, key=f"{kind}:{payout.id}:1", amount_minor=15_000)
            await ledger.post(
                db, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout.id,
                posting, "EUR", scene.clock(),
            )  # fmt: skip
        books = await reconciliation.books(db)
    assert compare(books, listed) == []
    (missing,) = compare(books, [])
    assert (missing.code, missing.transfer_id) == (
        DifferenceCode.NOT_AT_PROVIDER, result.transfer_id,
    )  # fmt: skip


async def test_a_second_transfer_at_stripe_is_reported(scene: Scene) -> None:
    await scene.send()
    await scene.rail.transfer(
        scene.account, 15_000, "EUR", f"by-hand:{scene.payout_id}", scene.payout_id, {}
    )
    async with session(scene.engine) as db:
        books = await reconciliation.books(db)
    found = compare(books, await scene.rail.find_transfers(scene.payout_id))
    codes = {difference.code for difference in found}
    assert codes >= {DifferenceCode.NOT_IN_BOOKS, DifferenceCode.PAID_TWICE}


async def test_finance_sees_what_waits_first_due_first(
    engine: AsyncEngine, scene: Scene
) -> None:  # fmt: skip
    async with session(engine) as db:
        soon = await builders.payout(db, pay_by=builders.NOW + timedelta(days=1))
    async with session(engine) as db:
        first = await waiting_for_release(db, size=1)
        second = await waiting_for_release(db, after=first.after, size=1)
    assert [row.payout.id for row in first.rows] == [soon.id]
    assert [row.payout.id for row in second.rows] == [scene.payout_id]
    assert (first.rows[0].ready, second.rows[0].ready) == (False, True)
    assert second.after == ""


async def test_one_payout_is_shown_with_its_attempts(scene: Scene) -> None:
    scene.standin.set_balance("eur", 0)
    await scene.send()
    scene.standin.set_balance("eur", 1_000_000)
    await scene.send(2)
    async with session(scene.engine) as db:
        detail = await payout_detail(db, scene.payout_id)
        assert await payout_detail(db, "pay_none") is None
    assert detail is not None
    assert [attempt.outcome for attempt in detail.attempts] == ["waiting_funds", "transferred"]
