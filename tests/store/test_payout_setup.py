"""Creators under contract who cannot be paid are followed up until they can."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bank_transfer import ACCOUNT_REFUSED
from domain.lifecycle import PayoutStatus
from domain.mails import Mail
from store import finance, payout_setup
from store.engine import session
from store.tables import Collaboration, OutboxMail, PayoutStanding, Recipient
from tests import builders
from tests.builders import NOW

DAY = timedelta(days=1)


class Scene:
    """One creator who has signed."""

    def __init__(self, engine: AsyncEngine, of: Collaboration) -> None:
        self.engine, self.of = engine, of

    async def account(self, status: str, *missing: str) -> None:
        async with session(self.engine) as db:
            await db.merge(
                Recipient(
                    creator_id=self.of.creator_id, account_id="acct_1", status=status,
                    requirements=list(missing), since=NOW, updated_at=NOW,
                )
            )  # fmt: skip

    async def day(self, number: float) -> int:
        async with session(self.engine) as db:
            return await payout_setup.follow_up(db, NOW + number * DAY)

    async def mails(self) -> list[dict[str, object]]:
        async with session(self.engine) as db:
            rows = await db.scalars(select(OutboxMail).order_by(OutboxMail.planned_at))
            return [{"mail": row.mail, **row.facts} for row in rows]


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    async with session(engine) as db:
        return Scene(engine, await builders.collaboration(db, stage="drafting"))


async def test_a_creator_is_reminded_from_the_signature_on_until_they_can_be_paid(
    scene: Scene,
) -> None:
    assert [await scene.day(n) for n in (0, 1, 2, 2, 3)] == [0, 0, 1, 0, 0]
    async with session(scene.engine) as db:
        of = await db.get_one(Collaboration, scene.of.id)
        await builders.payout(db, of, amount_minor=700)
        await builders.payout(db, of, kind="bonus", amount_minor=50)
    assert await scene.day(5) == 1
    reminder = {"mail": Mail.PAYOUT_SETUP_REMINDER, "ask": "reminder", "last": 0}
    assert await scene.mails() == [reminder | {"waiting_minor": n} for n in (0, 700)]
    async with session(scene.engine) as db:
        (named,) = (await finance.readiness(db)).named
        assert (named.why, named.reminded, named.last_mail) == ("not_begun", 2, "planned")
        assert len(await payout_setup.unsent(db, 10)) == 2
    await scene.account("active")
    assert [await scene.day(n) for n in (6, 10, 20, 40)] == [0, 0, 0, 0]


async def test_the_last_reminder_says_so_and_none_follows(scene: Scene) -> None:
    await scene.account("pending")
    assert sum([await scene.day(n) for n in range(90)]) == 4
    assert [each["last"] for each in await scene.mails()] == [0, 0, 0, 1]


async def test_an_account_that_stops_working_is_told_at_once(scene: Scene) -> None:
    await scene.account("active")
    assert [await scene.day(n) for n in (0, 30)] == [0, 0]
    await scene.account("restricted", "past_due")
    assert [await scene.day(n) for n in (31, 31.1, 32, 33)] == [1, 0, 0, 1]
    assert [each["ask"] for each in await scene.mails()] == ["lost", "reminder"]


async def test_of_an_account_that_the_bank_refused_the_mail_about_its_payment_tells(
    scene: Scene,
) -> None:
    await scene.account("active")
    await scene.day(0)
    await scene.account("restricted", ACCOUNT_REFUSED)
    assert [await scene.day(n) for n in (3, 4, 5)] == [0, 0, 1]
    assert [each["ask"] for each in await scene.mails()] == ["reminder"]


@pytest.mark.parametrize("why", ["paused", "account_rejected"])
async def test_creators_are_not_asked_for_what_they_cannot_mend(scene: Scene, why: str) -> None:
    await scene.account("active")
    await scene.day(0)
    await scene.account("paused" if why == "paused" else "restricted", why)
    assert [await scene.day(n) for n in (1, 3, 30)] == [0, 0, 0]
    await scene.account("restricted", "past_due")
    assert await scene.day(31) == 1


@pytest.mark.parametrize("why", ["suspended", "closed", "paid"])
async def test_nobody_is_asked_for_what_is_not_needed_now(scene: Scene, why: str) -> None:
    await scene.day(0)
    async with session(scene.engine) as db:
        of = await db.get_one(Collaboration, scene.of.id)
        of.suspended = why == "suspended"
        of.stage = "drafting" if of.suspended else "closed"
        if why == "paid":
            (await builders.payout(db, of)).status = PayoutStatus.TRANSFERRED.value
    assert await scene.day(3) == 0
    async with session(scene.engine) as db:
        assert (await db.scalars(select(PayoutStanding))).all() == []


async def test_money_that_waits_after_the_end_is_still_asked_for(scene: Scene) -> None:
    await scene.day(0)
    async with session(scene.engine) as db:
        of = await db.get_one(Collaboration, scene.of.id)
        of.stage = "closed"
        await builders.payout(db, of)
    assert await scene.day(3) == 1
