"""Files for finance: who may have them, what is in them, and that they show one moment."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from domain.errors import Unbalanced
from domain.lifecycle import Role
from domain.messages import PostingKind
from store.engine import session
from store.payment_lines import Wanted
from tests import books, builders
from tests.builders import NOW
from tests.conftest import Database
from tests.fixtures.web import Web
from web.exports import JOURNAL_COLUMNS, PAYMENT_COLUMNS, Export, Format, rows

DAY = timedelta(days=1)


def table(content: str, delimiter: str = ",") -> list[dict[str, str]]:
    assert content.startswith("\ufeff"), "spreadsheets need the mark"
    return list(csv.DictReader(io.StringIO(content[1:], newline=""), delimiter=delimiter))


async def fetch(web: Web, query: str = "", role: Role = Role.FINANCE) -> str:
    answer = await (await web.signed_in(role)).get(f"/payments/export{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer.content.decode()


async def test_payments_open_in_a_spreadsheet_and_carry_no_formula(web: Web) -> None:
    async with session(web.engine) as db:
        yen = builders.campaign_file(
            name="=cmd|calc", currency="JPY", budget={"total": "900000 JPY",
            "per_collaboration": "90000 JPY"}, release={"second_person_above": "50000 JPY"},
        )  # fmt: skip
        who = await builders.creator(db, handle="@mara", name='Mara";=1+1')
        of = await builders.collaboration(db, await builders.campaign(db, yen), who)
        await books.paid(db, of, amount_minor=15_000)
        await books.earned(db, at=NOW + DAY)
    first, second = table(await fetch(web))
    assert tuple(first) == PAYMENT_COLUMNS
    assert (first["amount"], first["currency"], first["status"]) == ("15000", "JPY", "transferred")
    assert (first["earned_on"], first["sent_on"]) == ("2026-03-02", "2026-03-02")
    assert (first["handle"], first["name"]) == ("mara", "Mara\";'=1+1")
    assert first["campaign_name"] == "'=cmd|calc"
    assert (second["amount"], second["sent_on"]) == ("150.00", "")
    (only,) = table(await fetch(web, "?sent=yes&semicolons=yes&since=2026-03-02"), ";")
    assert only["payment"] == first["payment"]
    assert table(await fetch(web, "?until=2026-03-01")) == []


async def test_each_document_of_the_journal_sums_to_zero(web: Web) -> None:
    async with session(web.engine) as db:
        done = await books.paid(db)
        back = await books.earned(db, at=NOW + DAY)
        for kind in (PostingKind.SEND, PostingKind.RETURN):
            await books.move(db, back, kind, f"{kind}:{back.id}:1", NOW + 2 * DAY)
    lines = table(await fetch(web, "?format=journal"))
    assert tuple(lines[0]) == JOURNAL_COLUMNS
    documents: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        assert bool(line["debit"]) != bool(line["credit"])
        documents[line["document"]] += Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)
    assert len(documents) == 6
    assert set(documents.values()) == {Decimal(0)}
    ways = [(line["account"], line["debit"]) for line in lines if line["payment"] == done.id]
    assert ways == [
        ("fees", "150.00"), ("payable", ""), ("payable", "150.00"), ("in_transit", ""),
        ("in_transit", "150.00"), ("provider", ""),
    ]  # fmt: skip
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line["account"]] += Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)
    assert sums == {"fees": 300, "payable": -150, "in_transit": 0, "provider": -150}
    later = table(await fetch(web, "?format=journal&since=2026-03-04"))
    assert [line["text"].partition(":")[0] for line in later[::2]] == [
        "Sent to the provider", "Not paid, owed again",
    ]  # fmt: skip


async def test_a_movement_that_does_not_balance_is_never_exported(
    web: Web, database: Database
) -> None:
    async with session(web.engine) as db:
        await books.earned(db)
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("UPDATE ledger_entries SET signed_minor = signed_minor + 1"))
    owner.dispose()
    async with session(web.engine) as db:
        with pytest.raises(Unbalanced, match="does not sum to zero"):
            async for _ in rows(db, Export(Format.JOURNAL, Wanted())):
                pass


async def test_a_file_shows_one_moment_and_all_of_it(web: Web) -> None:
    async with session(web.engine) as db:
        of = await builders.collaboration(db)
        for number in range(1, 1_203):
            await builders.payout(db, of, post=False, number=number, amount_minor=100)
    written = []
    async with session(web.engine) as db:
        async for row in rows(db, Export(Format.CSV, Wanted())):
            written.append(row)
            if len(written) == 2:
                async with session(web.engine) as other:
                    await builders.payout(other, of, post=False, number=5_000)
    assert len(written) == 1_203


async def test_only_finance_and_managers_take_payments_away(web: Web) -> None:
    for role, status in ((Role.REVIEWER, 403), (Role.OPERATOR, 403), (Role.MANAGER, 200)):
        client = await web.signed_in(role)
        assert (await client.get("/payments/export")).status_code == status
        assert ("/payments/export" in (await client.get("/payments")).text) is (status == 200)


@pytest.mark.parametrize("query", ["?since=yesterday", "?format=xlsx"])
async def test_a_wish_that_cannot_be_read_is_said(web: Web, query: str) -> None:
    answer = await (await web.signed_in(Role.FINANCE)).get(f"/payments/export{query}")
    assert answer.status_code == 422
    assert "This file cannot be made" in answer.text
