"""A bonus: one decision, one payment, money that is there, and somebody else who releases it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import BonusChoice, TermsChoice
from domain.lifecycle import Role, StreamKind
from domain.messages import Begin, DecisionRef, Granted
from store import batches, bonuses, correspondence, four_eyes, ledger
from store.engine import session
from store.records import verify_stream
from store.tables import Collaboration, Creator, Decision, Event, Payout, Staff
from tests import builders
from tests.builders import NOW

WHY = "The post was seen twice as often as agreed."


@pytest.fixture
async def signed(engine: AsyncEngine, begun: Collaboration) -> Collaboration:
    """A collaboration whose creator has signed."""
    async with session(engine) as db:
        who = await db.get_one(Creator, begun.creator_id)
        sign = TermsChoice(answer="sign", content_id="sig_1")
        ref = await builders.decision(db, begun, who, sign)
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
    return begun


@pytest.fixture
async def finance(engine: AsyncEngine) -> Staff:
    async with session(engine) as db:
        return await builders.staff(db, (Role.FINANCE,))


async def decided(
    engine: AsyncEngine, of: Collaboration, who: Staff, amount: int = 5_000
) -> DecisionRef:
    async with session(engine) as db:
        choice = BonusChoice(amount_minor=amount)
        return await builders.decision(db, of, who, choice, comment=WHY)


async def granted(engine: AsyncEngine, ref: DecisionRef) -> Granted:
    return await bonuses.grant(engine, Begin(ref=ref, at=NOW))


async def test_a_bonus_is_a_payment_with_its_money_person_and_reason(
    engine: AsyncEngine, signed: Collaboration, finance: Staff
) -> None:
    ref = await decided(engine, signed, finance)
    payment = (await granted(engine, ref)).payment
    assert payment is not None
    assert payment.granted
    async with session(engine) as db:
        row = await db.get_one(Payout, payment.payout_id)
        assert (row.kind, row.number, row.amount_minor) == ("bonus", 1, 5_000)
        assert (await ledger.balances(db, signed.campaign_id)).payable == 5_000
        assert await ledger.check(db) == []
        assert await verify_stream(db, StreamKind.PAYOUT, row.id)
        event = (await db.scalars(select(Event).where(Event.entity_id == row.id))).one()
        assert (event.event, event.decision_id) == ("grant_bonus", ref.decision_id)
        by = await bonuses.granted_by(db, row.id)
        assert by is not None
        assert (by.name, by.reason) == (finance.name, WHY)
        letter = await correspondence.load(db, signed.id, {"payout_id": row.id})
        assert letter.payout is not None
        assert letter.payout.reason == WHY
        assert letter.earned_minor == 0  # takes nothing off the agreed fee


async def test_the_same_decision_is_one_bonus_and_another_one_is_another(
    engine: AsyncEngine, signed: Collaboration, finance: Staff
) -> None:
    ref = await decided(engine, signed, finance)
    both = await asyncio.gather(*(granted(engine, ref) for _ in range(5)))
    assert len({one.payment.payout_id for one in both if one.payment}) == 1
    again = await granted(engine, await decided(engine, signed, finance))
    async with session(engine) as db:
        numbers = await db.scalars(select(Payout.number).order_by(Payout.number))
        assert list(numbers) == [1, 2]
        assert again.payment is not None
        assert (await ledger.balances(db, signed.campaign_id)).payable == 10_000


async def test_bonuses_in_the_same_moment_never_overspend_the_budget(
    engine: AsyncEngine, signed: Collaboration, finance: Staff
) -> None:
    async with session(engine) as db:
        free = (await ledger.balances(db, signed.campaign_id)).available
    each = free // 3 + 1
    # Not the same amount: the same click twice would be one decision.
    refs = [await decided(engine, signed, finance, each + extra) for extra in range(6)]
    answers = await asyncio.gather(*(granted(engine, ref) for ref in refs))
    assert sorted(one.code for one in answers) == ["applied"] * 2 + ["over_budget"] * 4
    async with session(engine) as db:
        rows = await db.scalars(select(Decision.code).where(Decision.kind == "grant_bonus"))
        assert sorted(rows) == ["applied"] * 2 + ["over_budget"] * 4
        assert len(list(await db.scalars(select(Payout.id)))) == 2
        assert await ledger.check(db) == []


async def test_whoever_grants_a_bonus_releases_every_other_payment_but_not_this_one(
    engine: AsyncEngine, signed: Collaboration, finance: Staff
) -> None:
    payment = (await granted(engine, await decided(engine, signed, finance))).payment
    assert payment is not None
    async with session(engine) as db:
        earned = await builders.payout(db, signed)
        other = await builders.staff(db, (Role.FINANCE,))
        assert await four_eyes.obstacle(db, payment.payout_id, finance.id) == "requester"
        assert await four_eyes.obstacle(db, payment.payout_id, other.id) == ""
        assert await four_eyes.obstacle(db, earned.id, finance.id) == ""
        (line,) = await batches.lines(db, other.id, [payment.payout_id])
        assert line.facts.alone


async def test_a_bonus_needs_a_signature_a_role_and_a_collaboration_that_goes_on(
    engine: AsyncEngine, begun: Collaboration, finance: Staff, reviewer: Staff
) -> None:
    assert (await granted(engine, await decided(engine, begun, finance))).code == "not_signed"
    assert (await granted(engine, await decided(engine, begun, reviewer))).code == "not_allowed"
    async with session(engine) as db:
        (await db.get_one(Collaboration, begun.id)).suspended = True
    ref = await decided(engine, begun, finance)
    assert (await granted(engine, ref)).code == "suspended"
    assert (await granted(engine, ref)).code == "suspended"
    async with session(engine) as db:
        assert list(await db.scalars(select(Payout.id))) == []
