"""`troupe ledger statement --creator`: one creator's money through all campaigns."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from domain.money import Money
from local.cli_causes import show_causes
from local.cli_papers import write_files
from local.cli_support import out, print_json, run_async, target
from rendering.documents import account_statement
from store.accounts import MOVEMENTS
from store.creator_statements import OWN, CreatorStatement, creator_statement, find_creator
from store.engine import session
from web.payment_pages import environment
from web.words import milestone


def show_creator(
    named: str, until: datetime, data: Path, *, html: str, pdf: str, as_json: bool
) -> None:
    """Print a creator's statement, or write it as files for the creator.

    Raises:
        NotFound: there is no such creator, or more than one.
    """

    async def work() -> tuple[CreatorStatement, bool]:
        async with target(data) as stack, session(stack.engine) as db:
            found = await creator_statement(db, await find_creator(db, named), until)
            return found, stack.settings.debtor is not None

    found, by_bank = run_async(work())
    if html or pdf:
        who = found.creator
        write_files(
            account_statement(environment(by_bank=by_bank), who, found.lines, found.at), html, pdf
        )
    if as_json:
        print_json(_as_json(found))
    elif not (html or pdf):
        _show(found)


def _as_json(found: CreatorStatement) -> dict[str, object]:
    return {
        "creator": found.creator.id,
        "handle": found.creator.handle,
        "platform": found.creator.platform,
        "at": found.at.isoformat(),
        "balances": [
            {"currency": held.currency} | {name: getattr(held, name) for name in OWN}
            for held in found.balances
        ],
        "lines": [
            {
                "at": line.at.isoformat(),
                "kind": line.kind.value,
                "from": MOVEMENTS[line.kind][0],
                "to": MOVEMENTS[line.kind][1],
                "amount": line.amount_minor,
                "currency": line.currency,
                "campaign": line.campaign_id,
                "campaign_name": line.campaign,
                "collaboration": line.collaboration_id,
                "payout": line.payout_id or None,
                "milestone": line.milestone or None,
                "invoice": line.invoice or None,
                "vat": line.vat_minor if line.invoice else None,
                "credit_note": line.credit_note or None,
                "by": list(line.cause.by),
                "because": line.cause.because,
            }
            for line in found.lines
        ],
    }


def _show(found: CreatorStatement) -> None:
    who = f"{found.creator.platform}/@{found.creator.handle.removeprefix('@')}"
    if not found.lines:
        out.print(f"No money of {escape(who)} had moved until {found.at:%Y-%m-%d %H:%M} UTC.")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("day (UTC)", no_wrap=True)
    table.add_column("what")
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("payment", no_wrap=True)
    campaign = ""
    for line in found.lines:
        if line.campaign_id != campaign:
            table.add_row("", f"[bold]{escape(line.campaign)}[/]", "", "")
            campaign = line.campaign_id
        what = f"{line.kind.value}: {milestone(line.milestone)}" if line.milestone else line.kind
        table.add_row(
            f"{line.at.astimezone(UTC):%Y-%m-%d}", what,
            str(Money(minor=line.amount_minor, currency=line.currency)), line.payout_id,
        )  # fmt: skip
    out.print(f"{escape(who)} until {found.at:%Y-%m-%d %H:%M} UTC")
    out.print(table)
    show_causes([(line.at, line.kind, line.payout_id, line.cause) for line in found.lines])
    for held in found.balances:
        for name in OWN:
            amount = Money(minor=getattr(held, name), currency=held.currency)
            out.print(f"{name.replace('_', ' '):<20}{amount}")
