"""The balance's lines through the real adapter, the stand-in and PostgreSQL, every night."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.reconciliation import Reconciliation
from domain.inbox import ItemKind
from domain.reconciliation import LinesRead, ReconcileTask
from integrations import stripe_balance
from store import account_matters, balance_lines, journal, ledger
from store.engine import session
from store.tables import InboxItem, LedgerTransaction, StoredLine
from tests.activities.test_payouts import Scene
from tests.activities.test_reconciliation import NO_GRACE, book
from tests.fixtures.stripe import StripeStandIn


@pytest.fixture
async def scene(engine: AsyncEngine, own_stripe_standin: StripeStandIn) -> Scene:
    """A payment that was sent and booked, with a Stripe of its own."""
    own_stripe_standin.pause_deliveries()
    made = await Scene(engine, own_stripe_standin).begin()
    await made.send()
    await book(made)
    return made


async def night(scene: Scene) -> LinesRead | None:
    scene.clock.pass_(seconds=1)
    activity = Reconciliation(scene.engine, scene.rail, clock=scene.clock, grace=NO_GRACE)
    found = await activity.reconcile(ReconcileTask(record=True))
    assert found.agree
    return found.balance


async def inbox(scene: Scene) -> dict[str, str]:
    async with session(scene.engine) as db:
        rows = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
        return {row.code: row.seen for row in rows.all() if row.kind == ItemKind.ACCOUNT}


async def test_payments_top_ups_and_fees_are_explained_and_fees_are_booked_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe_balance, "_PAGE", 2)
    # A key that may not read them stops no comparison.
    scene.standin.order_fault("403", "/v1/balance_transactions")
    assert await night(scene) is None
    scene.standin.top_up("eur", 50_000)
    for amount in (-180, -20, 50):
        scene.standin.add_line("stripe_fee", amount)
    scene.standin.add_line("charge", 900, fee=30)
    for lines in (6, 6):
        assert await night(scene) == LinesRead(lines=lines, told=0)
    async with session(scene.engine) as db:
        kept = {row.meaning for row in (await db.scalars(select(StoredLine))).all()}
        rows = await db.scalars(select(LedgerTransaction).where(LedgerTransaction.key.like("fee%")))
        booked = sorted((row.kind, row.amount_minor, row.campaign_id) for row in rows.all())
        files = [line async for document in journal.journal(db) for line in document]
        assert await balance_lines.fees_since(db, scene.clock() - timedelta(days=1)) == {"EUR": 150}
        assert await balance_lines.read_until(db) == scene.clock()
        assert await ledger.check(db) == []
    assert kept == {"payment", "top_up", "fee"}
    assert booked == [("fee", 20, None), ("fee", 180, None), ("fee_back", 50, None)]
    fees = [line for line in files if line.account == "provider_fees"]
    assert sum(line.signed_minor for line in fees) == 150
    assert {line.campaign_id for line in fees} == {""}
    assert await inbox(scene) == {}


async def test_what_nobody_can_explain_and_every_reserve_is_put_to_finance(scene: Scene) -> None:
    scene.standin.add_line("adjustment", -700)
    scene.standin.add_line("adjustment", -50)
    scene.standin.add_line("reserve_hold", -9_000)
    scene.standin.add_line("payout", -4_000)
    scene.standin.add_line("payout", -4_000, automatic=False)
    assert await night(scene) == LinesRead(lines=6, told=4)
    told = {"unexplained": "-750EUR", "reserve": "-9000EUR", "swept": "-4000EUR"}
    assert await inbox(scene) == told
    # What was told once is not told again; the next one is.
    async with session(scene.engine) as db:
        rows = await db.scalars(select(InboxItem).where(InboxItem.code == "unexplained"))
        (item,) = rows.all()
        assert len(await balance_lines.lines_of(db, item.subject_id)) == 2
        await account_matters.settle(db, item.subject_id, scene.clock(), None, "a correction")
    del told["unexplained"]
    assert await night(scene) == LinesRead(lines=6, told=0)
    assert await inbox(scene) == told
    scene.standin.add_line("adjustment", 5)
    await night(scene)
    assert await inbox(scene) == told | {"unexplained": "5EUR"}
