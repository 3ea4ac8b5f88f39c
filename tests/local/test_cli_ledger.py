"""`troupe ledger`: sound or not, and a campaign's money until a moment."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import create_engine, text

from domain.messages import PostingKind
from store.engine import make_engine, session
from tests.builders import NOW
from tests.conftest import Database
from tests.local.test_cli import Terminal, connected, troupe
from tests.store.test_ledger import move, prepared

__all__ = ["connected", "troupe"]


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
    shown = connected("ledger", "statement", campaign).out
    assert "200" in shown
    assert "reserve" in shown


@pytest.mark.parametrize(
    "words", [("cmp_nobody",), ("cmp_nobody", "--at", "yesterday")], ids=["campaign", "moment"]
)
def test_a_campaign_or_a_moment_that_is_not_there_is_a_mistake(
    connected: Terminal, words: tuple[str, ...]
) -> None:
    assert connected("ledger", "statement", *words).code == 2
