"""`troupe payouts export`: a file that appears whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests import books as made
from tests.conftest import Database
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books

__all__ = ["books", "connected", "troupe"]


def test_a_file_has_a_row_for_each_payment(
    connected: Terminal, books: Books, tmp_path: Path
) -> None:

    async def returned(db: AsyncSession) -> str:
        row = await made.paid(db)
        row.bank_status, row.bank_payout_id, row.reversed_minor = "failed", "po_1", 4_000
        return row.id

    payout = books.run(returned)
    file = tmp_path / "payments.csv"
    answer = connected("payouts", "export", str(file), "--json")
    assert answer.json == {"file": str(file), "format": "csv", "rows": 1}
    content = file.read_bytes().decode("utf-8-sig")
    assert content.splitlines()[1].startswith(payout)
    assert "bank,bank_payout,taken_back" in content.splitlines()[0]
    assert ",failed,po_1,40.00," in content.splitlines()[1]
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.glob("*payments*")] == ["payments.csv"]


def test_the_journal_takes_the_brand_s_own_account_numbers(
    connected: Terminal, books: Books
) -> None:
    books.run(made.paid)
    words = ("payouts", "export", "-", "--format", "journal", "--semicolons")
    lines = connected(*words, "--account", "fees=4925").out.splitlines()
    assert lines[0].startswith("\ufeffdate;document;account;debit;credit")
    assert lines[1].split(";")[2:6] == ["4925", "150,00", "", "EUR"]
    assert lines[2].split(";")[2:6] == ["payable", "", "150,00", "EUR"]


def test_a_file_that_fails_leaves_the_one_before(
    connected: Terminal, books: Books, database: Database, tmp_path: Path
) -> None:
    books.run(made.earned)
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE ledger_entries SET signed_minor = signed_minor + 1"))
    owner.dispose()
    file = tmp_path / "journal.csv"
    file.write_text("the one before")
    answer = connected("payouts", "export", str(file), "--format", "journal", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (1, "unbalanced")
    assert file.read_text() == "the one before"
    assert [each.name for each in tmp_path.glob("*journal*")] == ["journal.csv"]


@pytest.mark.parametrize(
    "words",
    [
        ("x.csv", "--since", "yesterday"),
        ("x.csv", "--campaign", "nobody"),
        ("x.csv", "--account", "fees=1"),
        ("x.csv", "--format", "journal", "--account", "cash=1"),
        ("x.csv", "--format", "journal", "--sent"),
        ("-", "--json"),
        ("no/such/folder/x.csv",),
        (".",),
    ],
)
def test_mistakes_are_said_and_nothing_is_written(
    connected: Terminal, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert connected("payouts", "export", *words).code == 2
    assert not [each for each in tmp_path.iterdir() if each.is_file()]
