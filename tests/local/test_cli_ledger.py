"""`troupe ledger`: sound or not, and a campaign's money until a moment."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from domain.decisions import DecisionKind, PlainChoice
from domain.lifecycle import Role
from domain.messages import PostingKind
from store.engine import make_engine, session
from store.tables import Collaboration
from tests import books, builders
from tests.builders import NOW
from tests.conftest import Database
from tests.local.test_cli import Terminal, connected, troupe
from tests.store.deciding import decide
from tests.store.test_ledger import move, prepared

__all__ = ["connected", "troupe"]

NOT_OWED = PlainChoice(kind=DecisionKind.CANCEL_PAYOUT)


@pytest.fixture
def campaign(database: Database) -> str:
    """A campaign of 1,000 EUR of which 200 are reserved."""

    async def make() -> str:
        engine = make_engine(database.app_url)
        of = await prepared(engine)
        async with session(engine) as db:
            await move(db, of, PostingKind.RESERVE, 20_000, key="reserved")
        await engine.dispose()
        return of.campaign_id

    return asyncio.run(make())


def test_a_sound_ledger_is_said_to_be_sound(connected: Terminal, campaign: str) -> None:
    answer = connected("ledger", "check", "--json")
    assert (answer.code, answer.json) == (0, {"sound": True, "differences": []})
    assert "Ledger and events are sound." in connected("ledger", "check", "--events").out


def test_a_changed_entry_is_found_and_ends_with_one(
    connected: Terminal, campaign: str, database: Database
) -> None:
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE ledger_entries SET signed_minor = signed_minor + 1"))
    owner.dispose()
    answer = connected("ledger", "check", "--json")
    assert (answer.code, answer.json["sound"]) == (1, False)
    assert any("transaction reserved" in each for each in answer.json["differences"])


def test_a_statement_says_what_the_money_did_until_a_moment(
    connected: Terminal, campaign: str
) -> None:
    found = connected("ledger", "statement", campaign, "--at", f"{NOW:%Y-%m-%d}", "--json").json
    assert [line["kind"] for line in found["lines"]] == ["fund", "reserve"]
    assert (found["currency"], found["balances"]["reserved"]) == ("EUR", 20_000)
    before = connected("ledger", "statement", campaign, "--at", "2020-01-01", "--json").json
    assert before["lines"] == []
    assert (found["balances"]["creator_receivable"], found["balances"]["recovered"]) == (0, 0)
    shown = connected("ledger", "statement", campaign).out
    assert "200" in shown
    assert "reserve" in shown
    assert "creator receivable" in shown


@pytest.mark.parametrize(
    "words", [("cmp_nobody",), ("cmp_nobody", "--at", "yesterday")], ids=["campaign", "moment"]
)
def test_a_campaign_or_a_moment_that_is_not_there_is_a_mistake(
    connected: Terminal, words: tuple[str, ...]
) -> None:
    assert connected("ledger", "statement", *words).code == 2


async def corrected(database: Database) -> str:
    """A payment that was taken back, and of which finance says that it is not owed."""
    engine = make_engine(database.app_url)
    async with session(engine) as db:
        paid = await books.paid(db)
        of = await db.get_one(Collaboration, paid.collaboration_id)
        again = await builders.payout(db, of, post=False, kind="repayment", again_of=paid.id)
        await books.move(db, paid, PostingKind.TAKE_BACK, f"take_back:{paid.id}:15000")
        person = await builders.staff(db, [Role.FINANCE], name="Noor Haddad")
    because = "The invoice was paid <b>twice</b>."
    await decide(engine, again, person, NOT_OWED, comment=because)
    async with session(engine) as db:
        await books.move(db, again, PostingKind.FORFEIT, f"forfeit:{again.id}:0", NOW)
    await engine.dispose()
    return paid.campaign_id


def test_a_correction_says_who_and_why_in_every_form(
    connected: Terminal, database: Database, tmp_path: Path
) -> None:
    campaign = asyncio.run(corrected(database))
    found = connected("ledger", "statement", campaign, "--json").json
    told = {line["kind"]: (line["by"], line["because"]) for line in found["lines"]}
    why = "The invoice was paid <b>twice</b>."
    assert told["forfeit"] == (["Noor Haddad"], why)
    assert told["settle"] == told["take_back"] == ([], "")
    shown = connected("ledger", "statement", campaign).out
    assert "Noor" in shown
    page, paper = tmp_path / "all.html", tmp_path / "all.pdf"
    files = connected("ledger", "statement", campaign, "--html", str(page), "--pdf", str(paper))
    assert (files.code, files.out) == (0, "")
    html = page.read_text(encoding="utf-8")
    assert "Noor Haddad: “The invoice was paid &lt;b&gt;twice&lt;/b&gt;.”" in html
    assert paper.read_bytes().startswith(b"%PDF")
