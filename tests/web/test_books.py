"""Ledger and events looked over by the clock: what was changed is found, told, and over again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.book_check import BookCheck
from domain.decisions import BonusChoice
from domain.lifecycle import Role
from store.engine import session
from store.streams import decided, write_event
from store.tables import Collaboration, Decision, InboxItem
from tests import builders
from tests.activities.doomed_look import books, killed_everywhere
from tests.builders import NOW
from tests.conftest import Database
from tests.fixtures.web import Web
from tests.tampering import unguarded

LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def of(engine: AsyncEngine) -> Collaboration:
    """One with a reservation in the ledger, and a person's decision in its stream."""
    async with session(engine) as db:
        row = await builders.collaboration(db)
        await builders.payout(db, row)
        who = await builders.staff(db)
        ref = await builders.decision(db, row, who, BonusChoice(amount_minor=1), comment="Well.")
        decision = await db.get_one(Decision, ref.decision_id)
        write_event(db, row, builders.head_of(row), decided(decision, {}, NOW))
    return row


async def look(engine: AsyncEngine, after: timedelta = timedelta()) -> list[str]:
    """What finance's inbox says about the books after a look."""
    await BookCheck(engine, clock=lambda: LATER + after).look_over_books()
    return await told(engine)


async def told(engine: AsyncEngine) -> list[str]:
    """What finance's inbox says about the books."""
    async with session(engine) as db:
        found = await db.scalars(
            select(InboxItem.seen).where(InboxItem.kind == "books", InboxItem.closed_at.is_(None))
        )
        return sorted(found)


async def change(engine: AsyncEngine, statement: str) -> None:
    async with unguarded(engine) as db:
        await db.execute(text(statement))


@pytest.mark.parametrize(
    ("there", "back", "says"),
    [
        (
            "UPDATE events SET data = '{}'",
            """UPDATE events SET data = jsonb_build_object('by', actor_id) FROM decisions""",
            ["events of collaboration {id}: not as they were written"],
        ),
        (
            "UPDATE decisions SET actor_id = 'stf_other'",
            "UPDATE decisions SET actor_id = data ->> 'by' FROM events",
            ["decision {decision}: its event names another person"],
        ),
        (
            "UPDATE ledger_accounts SET balance_minor = balance_minor + 5 WHERE name = 'payable'",
            "UPDATE ledger_accounts SET balance_minor = balance_minor - 5 WHERE name = 'payable'",
            ["(payable of {campaign}): balance 15005, entries 15000"],
        ),
    ],
)
async def test_what_was_changed_is_in_the_inbox_until_it_is_as_it_was_written(
    web: Web, of: Collaboration, there: str, back: str, says: list[str]
) -> None:
    assert await look(web.engine) == []
    await change(web.engine, there)
    async with session(web.engine) as db:
        decision = await db.scalar(select(Decision.id))
    names = {"id": of.id, "campaign": of.campaign_id, "decision": decision}
    expected = [each.format(**names) for each in says]
    for _ in range(2):
        found = await look(web.engine)
        assert len(found) == len(expected)
        assert expected[0] in found[0]
    client = await web.signed_in(Role.FINANCE)
    inbox = await client.get("/api/inbox")
    (item,) = (each for each in inbox.json()["items"] if each["kind"] == "books")
    page = (await client.get(f"/items/{item['id']}")).text
    assert found[0] in page
    assert "ledger check --events" in page
    # Weeks later, too: what was found is looked at until it is in order.
    assert await look(web.engine, timedelta(days=9)) == found
    await change(web.engine, back)
    assert await look(web.engine, timedelta(days=9)) == []


async def test_a_look_that_is_killed_anywhere_leaves_each_fault_once_or_not_yet(
    engine: AsyncEngine, database: Database, of: Collaboration
) -> None:
    await change(engine, "UPDATE events SET data = '{}'")
    off = "UPDATE ledger_accounts SET balance_minor = balance_minor {} 5 WHERE name = 'payable'"
    await change(engine, off.format("+"))
    found: list[list[str]] = []

    async def both_or_none() -> None:
        found.append(await told(engine))

    assert await killed_everywhere(books, database.app_url, LATER, after=both_or_none) == 4
    faults = await look(engine)
    assert len(faults) == 2
    assert found == [[], [], [], faults]
    # Mended while nobody looked: killed again, the items are closed together.
    await change(engine, off.format("-"))
    await change(
        engine, "UPDATE events SET data = jsonb_build_object('by', actor_id) FROM decisions"
    )
    found.clear()
    await killed_everywhere(books, database.app_url, LATER, after=both_or_none)
    assert found == [faults, faults, faults, []]


async def test_every_stream_is_looked_at_within_four_weeks(
    engine: AsyncEngine, of: Collaboration
) -> None:
    await change(engine, "UPDATE events SET data = '{}'")
    late = timedelta(days=100)
    found = [await look(engine, late + timedelta(days=day)) for day in range(28)]
    assert found[-1] == [f"events of collaboration {of.id}: not as they were written"]
