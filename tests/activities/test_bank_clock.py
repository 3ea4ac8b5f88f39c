"""Finance is asked for bank files and for the bank's answers, reminded, and left alone again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.follow_ups import FollowUps
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import TransferOutcome
from store import bank_clock, desk
from store.engine import session
from store.tables import InboxItem
from tests import builders
from tests.activities.test_bank_transfers import Scene
from tests.bank import debit, statement
from tests.builders import NOW

DAY = timedelta(days=1)


class Office:
    """Finance's inbox, as the schedule keeps it."""

    def __init__(self, scene: Scene, *, by_bank: bool = True) -> None:
        self.scene, self.now = scene, NOW
        self._follow_ups = FollowUps(scene.engine, by_bank=by_bank, clock=lambda: self.now)

    async def after(self, days: float) -> list[InboxItem]:
        """What is open so many days after the payment was ordered; looked at twice."""
        self.now = NOW + days * DAY
        for _ in range(2):
            await self._follow_ups.look_at_bank_files()
        async with session(self.scene.engine) as db:
            rows = await db.scalars(
                select(InboxItem).where(InboxItem.closed_at.is_(None)).order_by(InboxItem.kind)
            )
            return list(rows)


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    there = await Scene(engine).begin()
    assert (await there.send()).outcome is TransferOutcome.UNDER_WAY
    return there


async def test_what_waits_for_a_file_is_one_item_that_goes_when_the_file_is_made(
    scene: Scene,
) -> None:
    office = Office(scene)
    (item,) = await office.after(0)
    assert (item.kind, item.role, item.seen) == (ItemKind.BANK_FILE, Role.FINANCE, "1:15000")
    other = await scene.beside()
    await other.send()
    (item,) = await office.after(2.5)
    assert (item.seen, item.reminded, item.escalated) == ("2:30000", 2, False)
    async with session(scene.engine) as db:
        manager = await builders.staff(db, (Role.MANAGER,))
        assert not (await desk.inbox(db, manager.roles, staff_id=manager.id)).elsewhere
    (item,) = await office.after(3)
    assert item.escalated
    async with session(scene.engine) as db:
        found = await desk.inbox(db, manager.roles, staff_id=manager.id)
        assert [why for _, why in found.elsewhere] == ["left_lying"]
    await scene.file()
    assert [each.kind for each in await office.after(3.1)] == [ItemKind.BANK_ANSWER]


async def test_an_overdue_payment_escalates_at_once_and_a_suspended_one_asks_for_nothing(
    scene: Scene,
) -> None:
    office = Office(scene)
    await scene.suspend(True)
    assert await office.after(0) == []
    await scene.suspend(False)
    (item,) = await office.after(15)
    assert (item.reminded, item.escalated) == (0, True)


async def test_a_file_without_an_answer_is_asked_for_until_the_bank_has_said_something(
    scene: Scene,
) -> None:
    office = Office(scene)
    file = await scene.file()
    assert file is not None
    assert await office.after(2.9) == []  # NOW is a Monday
    (item,) = await office.after(3)
    assert (item.kind, item.subject_id, item.seen) == (ItemKind.BANK_ANSWER, file.id, "1:15000")
    async with session(scene.engine) as db:
        assert await bank_clock.late(db) == {file.id}
    (item,) = await office.after(7)
    assert (item.reminded, item.escalated) == (4, True)
    await scene.says(statement(debit(scene.reference, "150.00")))
    assert await office.after(7.1) == []


async def test_a_brand_that_pays_another_way_is_asked_for_no_file(scene: Scene) -> None:
    await Office(scene).after(0)
    assert await Office(scene, by_bank=False).after(1) == []
