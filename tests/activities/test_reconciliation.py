"""Comparing through the real adapter, the stand-in and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities import reconciliation
from activities.reconciliation import Reconciliation
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.messages import Posting, PostingKind
from domain.payments import RailTransfer
from domain.reconciliation import DifferenceCode, ReconcileResult, ReconcileTask
from store import comparisons, ledger, unnamed
from store.engine import session
from store.tables import InboxItem, Payout, PayoutAttempt
from tests import builders
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import StripeStandIn
from tests.tampering import unguarded

C = DifferenceCode
NO_GRACE = timedelta(seconds=-60)


@pytest.fixture
async def scene(engine: AsyncEngine, own_stripe_standin: StripeStandIn) -> Scene:
    """A payout that was sent, with a Stripe of its own."""
    made = await Scene(engine, own_stripe_standin).begin()
    await made.send()
    return made


async def book(scene: Scene) -> None:
    """What the payment's workflow writes when the money has moved."""
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.status = PayoutStatus.TRANSFERRED.value
        payout.updated_at = scene.clock()
        for kind in (PostingKind.SEND, PostingKind.SETTLE):
            posting = Posting(kind=kind, key=f"{kind}:{payout.id}:1", amount_minor=15_000)
            await ledger.post(
                db, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout.id,
                posting, "EUR", scene.clock(),
            )  # fmt: skip


async def compared(
    scene: Scene,
    grace: timedelta = NO_GRACE,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ReconcileResult:
    activity = Reconciliation(scene.engine, scene.rail, clock=scene.clock, grace=grace)
    return await activity.reconcile(ReconcileTask(since=since, until=until))


def codes(found: ReconcileResult) -> set[DifferenceCode]:
    return {each.code for each in found.differences}


async def test_a_payment_that_went_well_makes_no_difference(scene: Scene) -> None:
    await book(scene)
    found = await compared(scene)
    assert found.agree
    assert (found.payouts, found.attempts, found.transfers, found.under_way) == (1, 1, 1, 0)


async def test_what_is_being_booked_at_this_moment_is_under_way(scene: Scene) -> None:
    found = await compared(scene, timedelta(minutes=10))
    assert (found.agree, found.under_way) == (True, 1)
    assert codes(await compared(scene)) == {C.LEDGER_BEHIND}


async def test_a_transfer_made_by_hand_in_a_payments_name_is_found(scene: Scene) -> None:
    await book(scene)
    await scene.rail.transfer(scene.account, 900, "EUR", "by-hand", scene.payout_id, {})
    found = await compared(scene)
    assert codes(found) == {C.NOT_IN_BOOKS, C.PAID_TWICE}
    twice = next(each for each in found.differences if each.code is C.PAID_TWICE)
    assert (twice.currency, twice.ours_minor, twice.theirs_minor) == ("EUR", 15_000, 15_900)


async def test_a_transfer_that_stripe_does_not_have_is_found(scene: Scene) -> None:
    await book(scene)
    async with unguarded(scene.engine) as db:
        attempt = await db.get_one(PayoutAttempt, (scene.payout_id, 1))
        attempt.transfer_id = "tr_invented"
    assert codes(await compared(scene)) == {C.NOT_AT_PROVIDER, C.NOT_IN_BOOKS}


async def test_a_window_neither_misses_its_payments_nor_invents_others(scene: Scene) -> None:
    """Our attempt is just inside and its transfer just outside, and the other way round."""
    await book(scene)
    second, now = timedelta(seconds=1), scene.clock()
    inside = await compared(scene, since=now - timedelta(minutes=1), until=now + second)
    assert (inside.agree, inside.payouts) == (True, 1)
    async with unguarded(scene.engine) as db:
        attempt = await db.get_one(PayoutAttempt, (scene.payout_id, 1))
        attempt.first_sent_at = now - timedelta(hours=20)
    late = await compared(scene, since=now - timedelta(days=1), until=now - timedelta(hours=19))
    assert (late.agree, late.payouts, late.transfers) == (True, 1, 1)
    before = await compared(scene, until=now - timedelta(days=2))
    assert (before.agree, before.payouts) == (True, 0)


async def test_a_payment_sent_while_the_list_was_read_is_not_a_difference(scene: Scene) -> None:
    await book(scene)
    rail = scene.rail
    early = rail.transfers_between

    async def empty(since: datetime | None, until: datetime | None) -> tuple[()]:
        await early(since, until)
        return ()

    rail.transfers_between = empty  # type: ignore[method-assign]
    assert (await compared(scene)).agree


async def kept(scene: Scene) -> list[InboxItem]:
    """Compare everything, as every night; gives the open items about differences."""
    scene.clock.pass_(hours=24)
    activity = Reconciliation(scene.engine, scene.rail, clock=scene.clock, grace=NO_GRACE)
    await activity.reconcile(ReconcileTask(record=True))
    async with session(scene.engine) as db:
        rows = await db.scalars(select(InboxItem).where(InboxItem.kind == ItemKind.DIFFERENCE))
        return [row for row in rows.all() if row.closed_at is None]


async def last(scene: Scene) -> int:
    async with session(scene.engine) as db:
        newest = await comparisons.last(db)
    assert newest is not None
    assert newest.compared_at == scene.clock()
    return newest.differences


async def test_each_difference_is_one_item_until_it_is_gone(scene: Scene) -> None:
    (behind,) = await kept(scene)
    assert (behind.role, behind.code) == (Role.FINANCE, C.LEDGER_BEHIND)
    assert [item.id for item in await kept(scene)] == [behind.id]
    assert await last(scene) == 1
    await book(scene)
    assert await kept(scene) == []
    assert await last(scene) == 0
    await scene.rail.transfer(scene.account, 900, "EUR", "by-hand", scene.payout_id, {})
    assert {item.code for item in await kept(scene)} == {C.NOT_IN_BOOKS, C.PAID_TWICE}


async def test_a_difference_that_comes_back_is_a_new_item(scene: Scene) -> None:
    async def rename(transfer_id: str | None) -> str | None:
        async with unguarded(scene.engine) as db:
            attempt = await db.get_one(PayoutAttempt, (scene.payout_id, 1))
            before, attempt.transfer_id = attempt.transfer_id, transfer_id
            return before

    (first,) = await kept(scene)
    transfer = await rename(None)
    (other,) = await kept(scene)
    assert other.code == C.NOT_WRITTEN_DOWN
    await rename(transfer)
    (again,) = await kept(scene)
    assert (again.code, again.id != first.id) == (C.LEDGER_BEHIND, True)


async def test_an_older_result_does_not_undo_a_newer_one(scene: Scene) -> None:
    await kept(scene)
    scene.clock.pass_(hours=-20)
    await book(scene)
    activity = Reconciliation(scene.engine, scene.rail, clock=scene.clock, grace=NO_GRACE)
    assert (await activity.reconcile(ReconcileTask(record=True))).agree
    scene.clock.pass_(hours=20)
    assert await last(scene) == 1


async def test_what_is_told_while_the_list_is_read_stays_open(scene: Scene) -> None:
    await book(scene)
    rail = scene.rail
    read = rail.transfers_between

    async def then_paid_by_hand(
        since: datetime | None, until: datetime | None
    ) -> Sequence[RailTransfer]:
        there = await read(since, until)
        made = await rail.transfer(scene.account, 900, "EUR", "by-hand", "pay_unsent", {})
        await scene.event("transfer.created", object_id=made.transfer_id)
        return there

    rail.transfers_between = then_paid_by_hand  # type: ignore[assignment]
    (told,) = await kept(scene)
    assert told.code == C.NOT_IN_BOOKS
    async with session(scene.engine) as db:
        assert await comparisons.has_foreign(db, "pay_unsent")


async def test_a_part_is_shown_and_not_kept(scene: Scene) -> None:
    activity = Reconciliation(scene.engine, scene.rail, clock=scene.clock, grace=NO_GRACE)
    part = ReconcileTask(record=True, since=scene.clock() - timedelta(days=1))
    assert not (await activity.reconcile(part)).agree
    async with session(scene.engine) as db:
        assert await comparisons.last(db) is None


async def test_a_transfer_for_a_payment_that_is_not_here_is_finances_too(scene: Scene) -> None:
    await book(scene)
    await scene.rail.transfer(scene.account, 900, "EUR", "stray", "pay_of_another_time", {})
    (item,) = await kept(scene)
    assert (item.code, item.role, item.campaign_id) == (C.NOT_IN_BOOKS, Role.FINANCE, None)
    assert await last(scene) == 1


async def test_money_sent_by_hand_is_asked_about_until_somebody_says_what_it_was(
    scene: Scene,
) -> None:
    """Made in Stripe's dashboard, to a creator's account, in no payment's name."""
    await book(scene)
    sent = await scene.rail.transfer(scene.account, 15_000, "EUR", "by-hand", "", {})
    (item,) = await kept(scene)
    assert (item.code, item.role, item.campaign_id) == (C.UNNAMED, Role.FINANCE, None)
    assert [each.id for each in await kept(scene)] == [item.id]
    async with session(scene.engine) as db:
        [found] = await unnamed.to_account(db, scene.account)
        assert (found.transfer_id, found.theirs_minor) == (sent.transfer_id, 15_000)
        shown = await unnamed.beside(db, found)
        assert shown.creator is not None
        assert (shown.creator.id, [each.id for each in shown.payments]) == (
            scene.creator_id, [scene.payout_id],
        )  # fmt: skip
        person = await builders.staff(db, roles=(Role.FINANCE,))
        assert await unnamed.explain(db, found.id, person.id, "a prize", scene.clock())
        assert not await unnamed.explain(db, found.id, person.id, "a gift", scene.clock())
    assert await kept(scene) == []
    again = await compared(scene)
    assert (again.agree, again.explained) == (True, 1)
    async with session(scene.engine) as db:
        assert await unnamed.to_account(db, scene.account) == []
        there = await comparisons.difference(db, found.id)
    assert there is not None
    assert (there.explanation, there.explained_by) == ("a prize", person.id)


async def test_money_sent_by_hand_that_was_taken_back_is_no_matter_any_more(scene: Scene) -> None:
    await book(scene)
    sent = await scene.rail.transfer(scene.account, 900, "EUR", "by-hand", "summer", {})
    assert [item.code for item in await kept(scene)] == [C.UNNAMED]
    scene.standin.reverse(sent.transfer_id, 900)
    assert await kept(scene) == []


async def test_money_sent_by_hand_is_asked_about_at_once_when_stripe_tells_of_it(
    scene: Scene,
) -> None:
    await book(scene)
    sent = await scene.rail.transfer(scene.account, 900, "EUR", "by-hand", "", {})
    for _ in range(2):
        await scene.event("transfer.created", object_id=sent.transfer_id)
    async with session(scene.engine) as db:
        items = await db.scalars(select(InboxItem.id).where(InboxItem.closed_at.is_(None)))
    assert [each.id for each in await kept(scene)] == items.all()
    scene.standin.reverse(sent.transfer_id, 900)
    await scene.event("transfer.reversed", object_id=sent.transfer_id)
    assert await kept(scene) == []


async def test_a_difference_that_is_only_left_off_stays_open(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book(scene)
    await scene.rail.transfer(scene.account, 900, "EUR", "one", "pay_unknown_z", {})
    (first,) = await kept(scene)
    monkeypatch.setattr(reconciliation, "MOST", 1)
    await scene.rail.transfer(scene.account, 900, "EUR", "two", "pay_unknown_a", {})
    both = await kept(scene)
    assert len(both) == 2
    assert first.id in {each.id for each in both}
