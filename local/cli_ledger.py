"""`troupe ledger`: is the ledger sound, and what did a campaign's money do until a moment."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from domain.errors import UserMistake
from domain.moments import read_moment
from domain.money import Money
from local.cli_causes import show_causes
from local.cli_creator_statement import show_creator
from local.cli_papers import write_files
from local.cli_support import (
    DATA_DEFAULT,
    FAULT,
    AsJson,
    Data,
    now,
    out,
    print_json,
    run_async,
    target,
)
from rendering.documents import campaign_statement
from store import book_check, ledger_reports
from store.accounts import MOVEMENTS
from store.campaigns import find_campaign
from store.engine import session
from store.ledger_reports import Statement
from store.tables import Campaign
from web.payment_pages import environment

ledger = typer.Typer(help="Double entry, looked at.", no_args_is_help=True)

SHOWN = (
    "funding", "available", "reserved", "payable", "in_transit", "paid", "creator_receivable",
    "claimed", "recovered",
)  # fmt: skip
"""The accounts in the order in which money goes through them."""


@ledger.command("check")
def check(
    events: Annotated[
        bool, typer.Option("--events", help="Verify every chain of events too; takes minutes.")
    ] = False,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Look whether every transaction balances and every balance is the sum of its entries."""

    async def work() -> list[str]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                found = await ledger_reports.check(db)
                streams = await book_check.every_stream(db) if events else []
            for page in book_check.in_pages(streams):
                async with session(stack.engine) as db:
                    found += [each.says for each in await book_check.stream_faults(db, page)]
            return found

    differences = run_async(work())
    if as_json:
        print_json({"sound": not differences, "differences": differences})
    elif not differences:
        out.print("Ledger and events are sound." if events else "The ledger is sound.")
    for difference in [] if as_json else differences:
        out.print(f"[red]wrong[/] {escape(difference)}")
    if differences:
        raise typer.Exit(FAULT)


@ledger.command("statement")
def statement(
    campaign: Annotated[
        str, typer.Argument(help="The campaign: id, its beginning, or name; else the newest.")
    ] = "",
    creator: Annotated[
        str,
        typer.Option(help="Instead: this creator, through all campaigns; id or platform/@handle."),
    ] = "",
    at: Annotated[
        str,
        typer.Option(help="Until when, like 2026-05-31 or 2026-05-31T18:00+02:00; now if empty."),
    ] = "",
    html: Annotated[
        str, typer.Option("--html", help="Write a page into this file; --creator: to hand out.")
    ] = "",
    pdf: Annotated[str, typer.Option("--pdf", help="The same as PDF.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show a campaign's or a creator's movements until a moment, and what they come to."""
    if campaign and creator:
        raise UserMistake("a statement is of a campaign or of a creator", hint="leave one out")
    until = read_moment(at, "--at", end=True) if at else now()

    if creator:
        show_creator(creator, until, data, html=html, pdf=pdf, as_json=as_json)
        return

    async def work() -> tuple[Campaign, Statement, bool]:
        async with target(data) as stack, session(stack.engine) as db:
            named = await find_campaign(db, campaign)
            found = await ledger_reports.statement(db, named.id, until)
            return named, found, stack.settings.debtor is not None

    named, found, by_bank = run_async(work())
    if html or pdf:
        pages = environment(by_bank=by_bank)
        document = campaign_statement(pages, named, found.lines, found.balances, found.at)
        write_files(document, html, pdf)
    if as_json:
        print_json(_as_json(found))
    elif not (html or pdf):
        _show(found)


def _as_json(found: Statement) -> dict[str, object]:
    return {
        "campaign": found.campaign_id,
        "at": found.at.isoformat(),
        "currency": found.balances.currency,
        "balances": {name: getattr(found.balances, name) for name in SHOWN},
        "lines": [
            {
                "at": line.at.isoformat(),
                "kind": line.kind.value,
                "from": MOVEMENTS[line.kind][0],
                "to": MOVEMENTS[line.kind][1],
                "amount": line.amount_minor,
                "collaboration": line.collaboration_id,
                "payout": line.payout_id,
                "by": list(line.cause.by),
                "because": line.cause.because,
            }
            for line in found.lines
        ],
    }


def _show(found: Statement) -> None:
    currency = found.balances.currency
    if not found.lines:
        out.print(f"No money of this campaign had moved until {found.at:%Y-%m-%d %H:%M} UTC.")
        return
    table = Table("when (UTC)", "what", "from", "to", "amount", "about")
    table.columns[4].justify = "right"
    table.columns[5].no_wrap = True  # an id is there to be copied
    for line in found.lines:
        table.add_row(
            f"{line.at.astimezone(UTC):%Y-%m-%d %H:%M}", line.kind.value, *MOVEMENTS[line.kind],
            str(Money(minor=line.amount_minor, currency=currency)),
            line.payout_id or line.collaboration_id or "",
        )  # fmt: skip
    out.print(table)
    show_causes(
        [
            (line.at, line.kind, line.payout_id or line.collaboration_id or "", line.cause)
            for line in found.lines
        ]
    )
    for name in SHOWN:
        held = Money(minor=getattr(found.balances, name), currency=currency)
        out.print(f"{name.replace('_', ' '):<20}{held}")
