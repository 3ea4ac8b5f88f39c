"""Events of Stripe that nobody could apply for a day: what finance sees, and when it is over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.inbox import ItemKind
from domain.lifecycle import Role
from store import external_events, stuck_events
from store.desk import open_item
from store.engine import session
from tests.builders import NOW
from tests.fixtures.web import Web


async def told(engine: AsyncEngine) -> str | None:
    """The number in the inbox after a look; None if there is no item."""
    async with session(engine) as db:
        await stuck_events.tell(db, NOW)
        item = await open_item(db, ItemKind.EVENTS.value, stuck_events.ALL)
        return item.seen if item else None


async def received(engine: AsyncEngine, name: str, **ago: int) -> str:
    async with session(engine) as db:
        about = {"object_id": f"po_{name}", "account": "acct_1"}
        row, _ = await external_events.store_event(
            db, "stripe", f"evt_{name}", "payout.failed", about, NOW - timedelta(**ago)
        )
        await external_events.mark_dispatched(db, row, NOW - timedelta(**ago))
    return row


async def test_events_that_wait_for_a_day_are_one_item_until_they_are_applied(
    web: Web, engine: AsyncEngine
) -> None:
    await received(engine, "young", hours=23)
    await received(engine, "hopeless", days=91)
    assert await told(engine) is None
    rows = [await received(engine, name, hours=25) for name in ("one", "two")]
    async with session(engine) as db:
        await external_events.mark_unread(db, rows[0], "rail_stopped")
    assert [await told(engine), await told(engine)] == ["2", "2"]
    client = await web.signed_in(Role.FINANCE)
    assert "See why 2 events of Stripe could not be applied" in (await client.get("/")).text
    async with session(engine) as db:
        item = await open_item(db, ItemKind.EVENTS.value, stuck_events.ALL)
    assert item is not None
    page = (await client.get(f"/items/{item.id}")).text
    assert "po_one" in page
    assert "Stripe refuses the key" in page
    assert "evt_young" not in page
    for row, left in zip(rows, ("1", None), strict=True):
        async with session(engine) as db:
            await external_events.mark_applied(db, row, NOW)
        assert await told(engine) == left
    assert (await client.get("/api/inbox")).json()["total"] == 0
