"""`troupe payouts totals`, and the same on the desk: a year, by creator, country and currency."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import Role
from store.engine import session
from tests import books as made
from tests import builders
from tests.fixtures.web import Web
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books

__all__ = ["books", "connected", "troupe"]

NEW_YEAR_IN_BERLIN = datetime(2025, 12, 31, 23, 30, tzinfo=UTC)


async def american(db: AsyncSession) -> Any:
    """A campaign of a brand in the United States."""
    file = builders.campaign_file(
        currency="USD", budget={"total": "50000 USD", "per_collaboration": "9000 USD"},
        release={"second_person_above": "5000 USD"},
    )  # fmt: skip
    brand = file.brand.model_copy(update={"country": "US"})
    return await builders.campaign(db, file.model_copy(update={"brand": brand}))


async def year(db: AsyncSession) -> None:
    """Mara has two accounts and is paid 1,500 and 600 dollars; Ben is paid 2,000."""
    campaign = await american(db)
    for handle, address, amount in (
        ("@mara", "Mara@x.example", 150_000), ("@mara.eats", "mara@x.example", 60_000),
        ("@ben", "ben@x.example", 200_000),
    ):  # fmt: skip
        who = await builders.creator(db, handle=handle, email=address, country="US")
        await made.paid(db, await builders.collaboration(db, campaign, who), amount_minor=amount)
    await made.paid(db, amount_minor=100_000, at=NEW_YEAR_IN_BERLIN)
    await made.earned(db, amount_minor=900_000)


def test_each_creator_s_year_stands_beside_the_figures(connected: Terminal, books: Books) -> None:
    books.run(year)
    found = connected("payouts", "totals", "--year", "2026", "--json").json
    rows = {row["handle"]: row for row in found["totals"]}
    assert {handle: row["amount"] for handle, row in rows.items()} == {
        "@ben": 200_000, "@mara": 150_000, "@mara.eats": 60_000,
    }  # fmt: skip
    assert rows["@ben"]["rules"] == {"us_1099_nec": "reached"}
    assert rows["@mara"]["rules"] == {"us_1099_nec": "together"}
    assert rows["@mara"]["same_address"] == [rows["@mara.eats"]["creator"]]
    assert rows["@mara.eats"]["together"] == 210_000
    (country,) = found["countries"]
    assert (country["amount"], country["creators"], country["payments"]) == (410_000, 3, 3)
    shown = connected("payouts", "totals", "--year", "2026").out
    assert "Form 1099-NEC: reached" in shown


def test_a_year_begins_where_it_is_said_to_begin(connected: Terminal, books: Books) -> None:
    books.run(year)
    before = connected("payouts", "totals", "--year", "2025", "--json").json
    assert [row["amount"] for row in before["totals"]] == [100_000]
    one = connected("payouts", "totals", "--year", "2025", "--brand", "lumen")
    assert (
        "Lumen, all creators together, 1,000.00 EUR without the VAT of invoices; 1,000.00 EUR"
        in (" ".join(one.out.split()))
    )
    nobody = connected("payouts", "totals", "--year", "2025", "--brand", "Umbra")
    assert (nobody.code, "these did: Lumen" in nobody.err) == (2, True)
    (levy,) = before["payers"]
    assert levy["rules"] == {"de_ksa": "reached"}
    words = ("--year", "2026", "--zone", "Europe/Berlin", "--json")
    after = connected("payouts", "totals", *words).json
    assert len(after["totals"]) == 4
    (levy,) = after["payers"]
    assert levy["rules"] == {"de_ksa": "below"}, "1,000 euros do not exceed 1,000 euros"


def test_the_file_has_everybody(connected: Terminal, books: Books, tmp_path: Path) -> None:
    books.run(year)
    file = tmp_path / "totals.csv"
    assert connected("payouts", "totals", "--year", "2026", "--csv", str(file)).code == 0
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))
    assert {(row["payer"], row["payer_country"]) for row in rows} == {("Lumen", "US")}
    assert [(row["handle"], row["amount"], row["to_report"]) for row in rows] == [
        ("ben", "2000.00", "us_1099_nec"), ("mara", "1500.00", "us_1099_nec"),
        ("mara.eats", "600.00", "us_1099_nec"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words", [("--year", "1999"), ("--year", "soon"), ("--zone", "Mars/Olympus")]
)
def test_a_year_or_zone_that_does_not_exist_is_a_mistake(
    connected: Terminal, words: tuple[str, ...]
) -> None:
    assert connected("payouts", "totals", *words).code == 2


async def test_the_desk_shows_the_year_and_hands_out_the_file(web: Web) -> None:
    async with session(web.engine) as db:
        await year(db)
    client = await web.signed_in(Role.FINANCE)
    page = (await client.get("/payments/totals?year=2026")).text
    assert "$2,000.00" in page
    assert "Form 1099-NEC: to report if it is one person" in page
    assert "United States" in page
    assert "Lumen" in page
    assert "Nothing was paid" in (await client.get("/payments/totals?year=2026&brand=X")).text
    assert "no figure for 2030" in (await client.get("/payments/totals?year=2030")).text
    file = await client.get("/payments/totals?year=2026&file=yes")
    assert file.headers["content-disposition"] == 'attachment; filename="totals-2026.csv"'
    assert file.text.count("us_1099_nec") == 3
    assert (await client.get("/payments/totals?year=no")).status_code == 422
    assert (await client.get("/payments/totals?zone=Mars")).status_code == 422
    other = await web.signed_in(Role.REVIEWER)
    assert (await other.get("/payments/totals")).status_code == 403
