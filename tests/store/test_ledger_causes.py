"""Statements say who noted that a payment was made without Troupe, and why."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import SettleChoice
from domain.lifecycle import Role
from domain.messages import PostingKind
from store import other_payments
from store.creator_statements import creator_statement
from store.engine import session
from store.ledger_reports import statement
from store.tables import Collaboration, Creator
from tests import books, builders
from tests.builders import NOW
from tests.store.deciding import decide


async def test_who_noted_a_payment_and_why_stands_in_both_statements(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        wired = await books.earned(db)
        of = await db.get_one(Collaboration, wired.collaboration_id)
        by_hand = await books.earned(db, of, kind="retention_passed", attempt=1)
        sam = await builders.staff(db, [Role.FINANCE], name="Sam Vogel")
        wire = await other_payments.keep(db, wired.id, "2026-02-27", "Wire 7731", NOW)
        wired.releases = by_hand.releases = 1
    elsewhere = SettleChoice(answer="elsewhere", content_id=wire)
    adopt = SettleChoice(answer="adopt")
    _, noted = await decide(engine, wired, sam, elsewhere, comment="Stripe refused it.")
    _, taken = await decide(engine, by_hand, sam, adopt, comment="Made on the dashboard.")
    assert (noted.code, taken.code) == ("applied", "applied")
    async with session(engine) as db:
        await books.move(db, wired, PostingKind.ELSEWHERE, f"elsewhere:{wired.id}:0", NOW)
        await books.move(db, by_hand, PostingKind.SEND, f"send:{by_hand.id}:2", NOW)
        await books.move(db, by_hand, PostingKind.SETTLE, f"settle:{by_hand.id}:2", NOW)
        at = NOW + timedelta(days=3650)
        who = await db.get_one(Creator, of.creator_id)
        lines = (await statement(db, of.campaign_id, at)).lines
        theirs = (await creator_statement(db, who, at)).lines
    said = {
        PostingKind.ELSEWHERE: (("Sam Vogel",), "Stripe refused it."),
        PostingKind.SETTLE: (("Sam Vogel",), "Made on the dashboard."),
    }
    for statement_lines in (lines, theirs):
        causes = {line.kind: line.cause for line in statement_lines}
        assert {kind: (causes[kind].by, causes[kind].because) for kind in said} == said
