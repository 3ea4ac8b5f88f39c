"""`troupe payouts cash` and `unpaid`: what money is needed, and who cannot be paid yet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from domain.cash import HORIZON
from domain.money import Money
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, out, print_json, run_async, target
from store.campaigns import find_campaign
from store.cash import CashNeed, cash_needed
from store.engine import session
from store.finance import Readiness, readiness
from web import words
from web.lists import BALANCE_WITHIN

UNDATED = "terms not signed yet, or the campaign or collaboration stands still"
"""Of what is reserved: why nobody can say when it is needed."""

NAMED = 1000
"""Creators that are named at most; the number counts them all."""


def cash(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show the money needed in the next 30 days, against what is at the provider."""
    at = now()

    async def work() -> tuple[tuple[CashNeed, ...], bool]:
        async with target(data) as stack, session(stack.engine) as db:
            by_bank = stack.settings.by_bank
            return await cash_needed(db, at, by_bank=by_bank), by_bank

    needs, by_bank = run_async(work())
    if as_json:
        until = (at + HORIZON).isoformat()
        print_json({"until": until, "currencies": [_as_json(each, at) for each in needs]})
        return
    if not needs:
        out.print("Nothing is owed, and nothing is signed.")
        return
    for need in needs:
        _show(need, at, by_bank=by_bank)


def _show(need: CashNeed, at: datetime, *, by_bank: bool) -> None:
    def money(minor: int) -> str:
        return str(Money(minor=minor, currency=need.currency))

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    table.add_row("needed in 30 days", money(need.total), "")
    if need.overdue:
        table.add_row("  overdue", f"[red]{money(need.overdue)}[/]", "")
    table.add_row("  within 7 days", money(need.week), "")
    table.add_row("  after that", money(need.total - need.overdue - need.week), "")
    table.add_row("expected beside it", money(need.expected), "signed, not earned yet")
    if need.funds:
        age = at - need.funds.read_at
        old = ", [yellow]old[/]" if age > BALANCE_WITHIN else ""
        read = f"read {need.funds.read_at:%Y-%m-%d %H:%M} UTC{old}"
        table.add_row("at Stripe", money(need.funds.left), read)
        if need.short:
            table.add_row("missing", f"[red]{money(need.short)}[/]", "")
        if need.outlook.enough_until:
            total = money(need.short_with_expected)
            until = f"until {need.outlook.enough_until:%Y-%m-%d}"
            table.add_row("enough", f"[yellow]{until}[/]", f"{total} missing with what is expected")
        if need.funds.reserved:
            why = "cannot be used: creators' accounts are below zero"
            table.add_row("held back", f"[yellow]{money(need.funds.reserved)}[/]", why)
    elif not by_bank:
        table.add_row("at Stripe", "", "not read yet")
    if need.outlook.later:
        table.add_row("expected later", money(need.outlook.later), "after these 30 days")
    if need.undated:
        table.add_row("without a date", money(need.undated), UNDATED)
    out.print(table)
    if need.steps:
        out.print(_weeks(need))


def _weeks(need: CashNeed) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("until", no_wrap=True)
    for head in ("earned", "expected", *(("left",) if need.funds else ())):
        table.add_column(head, justify="right", no_wrap=True)
    for step in need.steps:
        amounts = [step.earned, step.expected, *([] if step.left is None else [step.left])]
        sums = [str(Money(minor=each, currency=need.currency)) for each in amounts]
        if step.left is not None and step.left < 0:
            sums[-1] = f"[red]{sums[-1]}[/]"
        table.add_row(f"{step.until:%Y-%m-%d}", *sums)
    return table


def _as_json(need: CashNeed, at: datetime) -> dict[str, object]:
    funds, until = need.funds, need.outlook.enough_until
    return {
        "currency": need.currency,
        "needed": need.total,
        "overdue": need.overdue,
        "within_7_days": need.week,
        "after_that": need.total - need.overdue - need.week,
        "first_due": need.first_due.isoformat() if need.first_due else None,
        "expected": need.expected,
        "expected_later": need.outlook.later,
        "undated": need.undated,
        "weeks": [
            {
                "until": step.until.isoformat(),
                "earned": step.earned,
                "expected": step.expected,
                "left": step.left,
            }
            for step in need.steps
        ],
        "available": funds.left if funds else None,
        "reserved": funds.reserved if funds else None,
        "read_at": funds.read_at.isoformat() if funds else None,
        "old": at - funds.read_at > BALANCE_WITHIN if funds else None,
        "missing": need.short if funds else None,
        "missing_now": need.short_now if funds else None,
        "missing_with_expected": need.short_with_expected if funds else None,
        "enough_until": until.isoformat() if until else None,
    }


def unpaid(
    campaign: Annotated[
        str, typer.Option("--campaign", help="Only this campaign: id, its beginning, or name.")
    ] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show which creators with a contract cannot be paid yet, and why."""

    async def work() -> tuple[Readiness, bool]:
        async with target(data) as stack, session(stack.engine) as db:
            of = (await find_campaign(db, campaign)).id if campaign else ""
            by_bank = stack.settings.by_bank
            return await readiness(db, of, most=NAMED, by_bank=by_bank), by_bank

    found, by_bank = run_async(work())
    if as_json:
        print_json(
            {
                "contracts": found.contracts,
                "missing": found.missing,
                "creators": [
                    {
                        "creator": each.creator.id,
                        "handle": each.creator.handle,
                        "platform": each.creator.platform,
                        "campaign": each.collaboration.campaign_id,
                        "collaboration": each.collaboration.id,
                        "why": each.reasons[0],
                        "lacks": each.lacks,
                        "reminded": each.reminded,
                        "last_mail": each.last_mail,
                    }
                    for each in found.named
                ],
            }
        )
        return
    if not found.missing:
        out.print(f"All {found.contracts} creators with a contract can be paid.")
        return
    out.print(f"{found.missing} of {found.contracts} cannot be paid yet:")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("creator", overflow="fold")
    table.add_column("why")
    table.add_column("reminded", justify="right")
    for each in found.named:
        table.add_row(
            escape(each.creator.handle),
            "; ".join(
                [
                    *(words.not_ready(why, by_bank=by_bank) for why in each.reasons),
                    *filter(None, [words.not_reached(each.last_mail)]),
                ]
            ),
            str(each.reminded) if each.reminded else "",
        )
    out.print(table)
