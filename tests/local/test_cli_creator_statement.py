"""`troupe ledger statement --creator`: one creator's money through all campaigns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages import PostingKind
from tests import books as made
from tests import builders
from tests.builders import NOW
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books

__all__ = ["books", "connected", "troupe"]

DAY = timedelta(days=1)


async def two_campaigns(db: AsyncSession) -> str:
    """Mara was paid 150 euros, has earned 40,000 yen, and somebody else was paid too."""
    who = await builders.creator(db, handle="@Mara", platform="instagram")
    await builders.creator(db, handle="@mara", platform="tiktok")
    await made.paid(db, await builders.collaboration(db, who=who))
    yen = builders.campaign_file(
        name="Tokyo", currency="JPY",
        budget={"total": "900000 JPY", "per_collaboration": "90000 JPY"},
        release={"second_person_above": "50000 JPY"},
    )  # fmt: skip
    of = await builders.collaboration(db, await builders.campaign(db, yen), who)
    row = await made.earned(db, of, NOW + DAY, amount_minor=40_000)
    await made.move(db, row, PostingKind.SEND, f"send:{row.id}:1", NOW + 2 * DAY)
    await made.move(db, row, PostingKind.RETURN, f"return:{row.id}:1", NOW + 3 * DAY)
    await made.paid(db)
    return who.id


def test_a_creator_s_money_is_followed_through_all_campaigns(
    connected: Terminal, books: Books
) -> None:
    creator = books.run(two_campaigns)
    at = ("--at", f"{NOW + 3 * DAY:%Y-%m-%d}")
    found = connected("ledger", "statement", "--creator", creator, *at, "--json").json
    assert (found["creator"], found["handle"]) == (creator, "@Mara")
    nothing = {"reserved": 0, "payable": 0, "in_transit": 0, "paid": 0, "creator_receivable": 0}
    assert found["balances"] == [
        nothing | {"currency": "EUR", "paid": 15_000},
        nothing | {"currency": "JPY", "payable": 40_000},
    ]
    moved = [(line["kind"], line["milestone"], line["currency"]) for line in found["lines"]]
    verified = "publication_verified"
    assert moved == [
        ("reserve", None, "EUR"), ("earn", verified, "EUR"), ("send", verified, "EUR"),
        ("settle", verified, "EUR"), ("reserve", None, "JPY"), ("earn", verified, "JPY"),
        ("send", verified, "JPY"), ("return", verified, "JPY"),
    ]  # fmt: skip
    shown = connected("ledger", "statement", "--creator", creator, *at).out
    assert "40,000 JPY" in shown
    assert "creator receivable  0.00 EUR" in shown
    assert "Tokyo" in shown


def test_a_past_moment_shows_what_was_true_then(connected: Terminal, books: Books) -> None:
    creator = books.run(two_campaigns)
    words = ("ledger", "statement", "--creator", creator, "--json", "--at")
    then = connected(*words, f"{NOW + 2 * DAY:%Y-%m-%d}").json
    assert then["balances"][1]["in_transit"] == 40_000
    before = connected(*words, "2020-01-01").json
    assert (before["balances"], before["lines"]) == ([], [])


def test_a_creator_is_named_by_handle_and_platform(connected: Terminal, books: Books) -> None:
    creator = books.run(two_campaigns)
    words = ("ledger", "statement", "--json", "--creator")
    assert connected(*words, "instagram/@mara").json["creator"] == creator
    both = connected(*words, "@mara")
    assert both.code == 2
    assert "instagram/@mara, tiktok/@mara" in both.json["error"]["hint"]


@pytest.mark.parametrize("named", ["@nobody", "youtube/@mara", "/", "crt_nobody"])
def test_a_creator_who_is_not_there_is_a_mistake(
    connected: Terminal, books: Books, named: str
) -> None:
    books.run(two_campaigns)
    answer = connected("ledger", "statement", "--creator", named, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "not_found")


def test_a_page_is_written_to_hand_out(connected: Terminal, books: Books, tmp_path: Path) -> None:
    creator = books.run(two_campaigns)
    file = tmp_path / "account.html"
    words = ("ledger", "statement", "--creator", creator, "--at", "2026-12-31")
    answer = connected(*words, "--html", str(file))
    assert (answer.code, answer.out) == (0, "")
    page = file.read_text()
    assert "Tokyo" in page
    assert "150,00\xa0€" in page
    assert "40.000\xa0JP¥" in page
    paper = tmp_path / "account.pdf"
    assert connected(*words, "--pdf", str(paper)).code == 0
    assert paper.read_bytes().startswith(b"%PDF-1.7")
    assert connected(*words, "--html", "-", "--pdf", "-").code == 2


def test_a_payment_s_statement_is_written_once_it_was_sent(
    connected: Terminal, books: Books, tmp_path: Path
) -> None:
    async def payments(db: AsyncSession) -> tuple[str, str]:
        return (await made.paid(db)).id, (await made.earned(db)).id

    sent, waits = books.run(payments)
    page, paper = tmp_path / "statement.html", tmp_path / "statement.pdf"
    words = ("payouts", "statement", sent, "--html", str(page), "--pdf", str(paper))
    assert connected(*words).code == 0
    assert sent in page.read_text()
    first = paper.read_bytes()
    assert connected(*words).code == 0
    assert paper.read_bytes() == first
    refused = connected("payouts", "statement", waits, "--pdf", str(paper))
    assert (refused.code, "has not been sent yet" in refused.err) == (2, True)
    assert paper.read_bytes() == first
    assert connected("payouts", "statement", sent).code == 2


def test_a_statement_is_of_one_or_the_other(connected: Terminal) -> None:
    answer = connected("ledger", "statement", "cmp_1", "--creator", "@mara")
    assert answer.code == 2
