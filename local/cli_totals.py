"""`troupe payouts totals`: what each creator was paid in a year, as tax forms ask for it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from domain.errors import UserMistake
from domain.money import Money
from domain.reporting import RULES, Rule, Standing
from domain.spreadsheet import Sheet
from local.cli_exports import whole_file
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, out, print_json, run_async, target
from store.engine import session
from store.totals import CreatorTotal, Payer, year_totals
from web.totals import (
    FIRST_YEAR,
    LAST_YEAR,
    Sum,
    brands,
    file_rows,
    of_brand,
    of_payers,
    read_zone,
    standings,
    sums,
)

SHOWN = 50
"""Creators in the terminal; --csv and --json have them all."""


def totals(
    year: Annotated[
        int | None,
        typer.Option(min=FIRST_YEAR, max=LAST_YEAR, help="The calendar year; else this one."),
    ] = None,
    zone: Annotated[str, typer.Option(help="Where the year begins, like Europe/Berlin.")] = "UTC",
    brand: Annotated[
        str, typer.Option(help="Only what one brand paid: its name, or its number.")
    ] = "",
    csv: Annotated[str, typer.Option("--csv", help="Write all of it into this file.")] = "",
    semicolons: Annotated[
        bool, typer.Option("--semicolons", help="--csv: for spreadsheets that write 1,50.")
    ] = False,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Sum up what was paid in a year, by brand, creator and currency."""
    where = read_zone(zone)
    year = year or now().astimezone(where).year

    async def work() -> tuple[CreatorTotal, ...]:
        async with target(data) as stack, session(stack.engine) as db:
            return await year_totals(db, year, where)

    everything = run_async(work())
    rows = of_brand(everything, brand)
    if everything and not rows:
        raise UserMistake(
            f"no brand called '{brand[:100]}' paid anybody in {year}",
            hint="these did: " + ", ".join(brands(everything)),
        )
    if csv:
        with whole_file(csv) as into:
            into.writelines(file_rows(rows, year, Sheet(semicolons), where))
    if as_json:
        print_json(_as_json(rows, year, zone))
    elif not csv:
        _show(rows, year)


def _as_json(rows: tuple[CreatorTotal, ...], year: int, zone: str) -> dict[str, object]:
    return {
        "year": year,
        "zone": zone,
        "totals": [_one(row, year) for row in rows],
        "countries": [
            {
                **_payer(one.payer),
                "country": one.country,
                "currency": one.amount.currency,
                "amount": one.amount.minor,
                "net": one.net.minor,
                "vat": one.vat.minor,
                "without_invoice": one.uninvoiced.minor,
                "creators": one.creators,
                "payments": one.payments,
            }
            for one in sums(rows, by_creator_country=True)
        ],
        "payers": [
            {
                **_payer(total.payer),
                "currency": total.amount.currency,
                "amount": total.amount.minor,
                "compared": total.compared(rule).minor,
                "without_invoice": total.uninvoiced.minor,
                "rules": {rule.code: standing},
            }
            for rule, total, standing in of_payers(rows, year)
        ],
        "rules": [
            {
                **rule.model_dump(mode="json", exclude={"figures"}),
                "figure": rule.figures[year].minor if year in rule.figures else None,
                "currency": next(iter(rule.figures.values())).currency,
            }
            for rule in RULES
        ],
    }


def _one(row: CreatorTotal, year: int) -> dict[str, object]:
    return {
        **_payer(row.payer),
        "creator": row.creator.id,
        "handle": row.creator.handle,
        "name": row.creator.name,
        "platform": row.creator.platform,
        "country": row.country,
        "declared": bool(row.declared_country),
        "currency": row.currency,
        "amount": row.amount_minor,
        "taken_back": row.taken_back_minor,
        "net": row.net_minor,
        "vat": row.vat_minor,
        "without_invoice": row.uninvoiced_minor,
        "payments": row.payments,
        "first": row.first.isoformat(),
        "last": row.last.isoformat(),
        "same_address": list(row.same_address),
        "together": row.together_minor,
        "rules": standings(row, year),
    }


def _payer(payer: Payer) -> dict[str, object]:
    return {"payer": payer.name, "payer_number": payer.number, "payer_country": payer.country}


def _show(rows: tuple[CreatorTotal, ...], year: int) -> None:
    if not rows:
        out.print(f"Nothing was paid in {year}.")
        return
    # Without a single invoice there is nothing to tell apart, and the terminal is narrow.
    invoiced = any(row.uninvoiced_minor != row.amount_minor for row in rows)
    parts = ("net", "VAT", "no invoice") if invoiced else ()
    table = Table("creator", "country", "paid by", "amount", *parts, "payments", "to report")
    for column in range(3, 5 + len(parts)):
        table.columns[column].justify = "right"
    for row in rows[:SHOWN]:
        table.add_row(
            escape(row.creator.handle), row.country or "?",
            escape(f"{row.payer.name} ({row.payer.country})"),
            str(Money(minor=row.amount_minor, currency=row.currency)),
            *(_parts(row) if invoiced else ()), str(row.payments),
            _report(standings(row, year)),
        )  # fmt: skip
    out.print(table)
    if len(rows) > SHOWN:
        out.print(f"and {len(rows) - SHOWN} more; --csv FILE writes all of them")
    for rule, total, standing in of_payers(rows, year):
        out.print(
            f"{escape(total.payer.name)}, all creators together, {total.compared(rule)}"
            f"{_without_vat(rule, total)}: {rule.form} {standing.value.replace('_', ' ')}"
        )


def _without_vat(rule: Rule, total: Sum) -> str:
    if rule.compared == "gross":
        return ""
    rest = f"; {total.uninvoiced} of it without an invoice" if total.uninvoiced.minor else ""
    return f" without the VAT of invoices{rest}"


def _parts(row: CreatorTotal) -> tuple[str, ...]:
    parts = (row.net_minor, row.vat_minor, row.uninvoiced_minor)
    return tuple(str(Money(minor=each, currency=row.currency)) if each else "" for each in parts)


def _report(found: dict[str, Standing]) -> str:
    forms = {rule.code: rule.form for rule in RULES}
    said = [
        f"{forms[code]}: {standing.value.replace('_', ' ')}"
        for code, standing in found.items()
        if standing is not Standing.BELOW
    ]
    return ", ".join(said)
