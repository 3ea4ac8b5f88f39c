"""What each creator was paid in a year, beside the figures from which it has to be reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from domain.errors import UserMistake
from domain.money import Money
from domain.reporting import RULES, Rule, Standing
from domain.spreadsheet import BOM, Cell, Sheet
from store.totals import CreatorTotal, Payer, year_totals
from web.exports import READERS
from web.pages import pages_of
from web.visit import visit

router = APIRouter()

SHOWN = 50
"""Creators on the page, the largest sums first; the file has them all."""

FIRST_YEAR, LAST_YEAR = 2020, 2100

COLUMNS = (
    "year", "payer", "payer_number", "payer_country", "creator", "handle", "name", "platform",
    "country", "declared", "amount", "taken_back", "net", "vat", "without_invoice", "currency",
    "payments", "first", "last", "same_address", "together", "to_report", "undecided",
)  # fmt: skip

_DUE = (Standing.REACHED, Standing.TOGETHER)
_OPEN = (Standing.OTHER_CURRENCY, Standing.NO_FIGURE)


@dataclass(frozen=True)
class Sum:
    """What a brand paid creators of one country (or of all), in one currency."""

    payer: Payer
    country: str
    amount: Money
    creators: int
    payments: int
    vat: Money
    """Value added tax in it, by the invoices."""
    uninvoiced: Money
    """What was paid without an invoice."""

    @property
    def net(self) -> Money:
        """What the invoices say without value added tax."""
        minor = self.amount.minor - self.vat.minor - self.uninvoiced.minor
        return Money(minor=minor, currency=self.amount.currency)

    def compared(self, rule: Rule) -> Money:
        """What a rule looks at; what was paid without an invoice has no value added tax here."""
        vat = self.vat.minor if rule.compared == "net" else 0
        return Money(minor=self.amount.minor - vat, currency=self.amount.currency)


def read_zone(name: str) -> ZoneInfo:
    """The zone in which a year begins.

    Raises:
        UserMistake: there is no such zone.
    """
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UserMistake(
            f"there is no time zone '{name[:40]}'", hint="write one like Europe/Berlin"
        ) from error


def of_brand(rows: tuple[CreatorTotal, ...], brand: str) -> tuple[CreatorTotal, ...]:
    """What one brand paid, by its name or its number in the register; all if none is named."""
    wanted = brand.strip().casefold()
    if not wanted:
        return rows
    return tuple(
        row for row in rows if wanted in {row.payer.name.casefold(), row.payer.number.casefold()}
    )


def brands(rows: tuple[CreatorTotal, ...], chosen: str = "") -> list[str]:
    """Names to choose from; the chosen one is among them though it paid nothing in the year."""
    return sorted({row.payer.name for row in rows} | ({chosen} - {""}), key=str.casefold)


def standings(row: CreatorTotal, year: int) -> dict[str, Standing]:
    """How a creator's sum stands to each rule that speaks of creators, by the rule's code."""
    paid = Money(minor=row.amount_minor, currency=row.currency)
    together = Money(minor=row.together_minor, currency=row.currency)
    return {
        rule.code: rule.standing(year, paid, together)
        for rule in RULES
        if rule.of == "payee" and rule.applies(row.payer.country, row.country)
    }


def sums(rows: tuple[CreatorTotal, ...], *, by_creator_country: bool) -> list[Sum]:
    """The totals by brand, country of the creator if wanted, and currency."""
    groups: dict[tuple[Payer, str, str], list[CreatorTotal]] = defaultdict(list)
    for row in rows:
        country = row.country if by_creator_country else ""
        groups[row.payer, row.currency, country].append(row)
    return [
        Sum(
            payer, country,
            Money(minor=sum(row.amount_minor for row in group), currency=currency),
            len({row.creator.id for row in group}), sum(row.payments for row in group),
            Money(minor=sum(row.vat_minor for row in group), currency=currency),
            Money(minor=sum(row.uninvoiced_minor for row in group), currency=currency),
        )
        for (payer, currency, country), group in sorted(groups.items())
    ]  # fmt: skip


def of_payers(rows: tuple[CreatorTotal, ...], year: int) -> list[tuple[Rule, Sum, Standing]]:
    """How everything that a brand paid stands to the rules that speak of the brand."""
    return [
        (rule, total, rule.standing(year, total.compared(rule)))
        for total in sums(rows, by_creator_country=False)
        for rule in RULES
        if rule.of == "payer" and rule.payer == total.payer.country
    ]


def file_rows(
    rows: tuple[CreatorTotal, ...], year: int, sheet: Sheet, zone: ZoneInfo
) -> Iterator[str]:
    """The totals as a CSV file, row by row."""
    yield BOM + sheet.row(COLUMNS)
    for row in rows:
        found, creator = standings(row, year), row.creator
        cells: list[Cell] = [
            year, row.payer.name, row.payer.number, row.payer.country, creator.id,
            creator.handle.removeprefix("@"), creator.name, creator.platform, row.country,
            "yes" if row.declared_country else "no",
            Money(minor=row.amount_minor, currency=row.currency),
            Money(minor=row.taken_back_minor, currency=row.currency),
            Money(minor=row.net_minor, currency=row.currency),
            Money(minor=row.vat_minor, currency=row.currency),
            Money(minor=row.uninvoiced_minor, currency=row.currency), row.currency,
            row.payments, row.first.astimezone(zone).date(),
            row.last.astimezone(zone).date(), " ".join(row.same_address),
            Money(minor=row.together_minor, currency=row.currency),
            " ".join(code for code, standing in found.items() if standing in _DUE),
            " ".join(code for code, standing in found.items() if standing in _OPEN),
        ]  # fmt: skip
        yield sheet.row(cells)


@router.get("/payments/totals")
async def totals(request: Request) -> Response:
    """The year on a page, or with ``file`` as a CSV file."""
    query = request.query_params
    async with visit(request) as v:
        v.need(*READERS)
        this_year = v.deps.clock().year
        try:
            year, zone = _year(query.get("year", ""), this_year), read_zone(query.get("zone", ""))
        except UserMistake as mistake:
            return _says(request, mistake)
        everything = await year_totals(v.db, year, zone)
        brand = query.get("brand", "")
        rows = of_brand(everything, brand)
        if query.get("file"):
            sheet = Sheet(semicolons=bool(query.get("semicolons")))
            return Response(
                "".join(file_rows(rows, year, sheet, zone)),
                media_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="totals-{year}.csv"'},
            )
        judged = [(row, standings(row, year)) for row in rows]
        # What has to be reported comes first: that is what the page is opened for.
        judged.sort(key=lambda each: not any(one in _DUE for one in each[1].values()))
        return await v.page(
            "desk/totals.html", here="payments", year=year, this_year=this_year, zone=zone.key,
            brand=brand, brands=brands(everything, brand),
            sums=sums(rows, by_creator_country=True), payers=of_payers(rows, year),
            judged=judged[:SHOWN], count=len(rows), rules=RULES,
        )  # fmt: skip


def _year(text: str, this_year: int) -> int:
    if not text:
        return this_year
    if not text.isdecimal() or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise UserMistake(f"'{text[:10]}' is no year", hint=f"write one like {this_year}")
    return int(text)


def _says(request: Request, mistake: UserMistake) -> HTMLResponse:
    return pages_of(request).page(
        "desk/message.html", 422, title="This year cannot be shown",
        text=f"{mistake.message}; {mistake.hint}.", back="/payments/totals",
    )  # fmt: skip
