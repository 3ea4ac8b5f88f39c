"""`troupe reconcile`: do our books agree with Stripe's own list, and if not, what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from domain.errors import UserMistake
from domain.moments import read_moment
from domain.money import Money
from domain.reconciliation import Difference, ReconcileResult, ReconcileTask
from domain.reconciliation_help import advice
from integrations.comparing import compare_now
from local.cli_support import (
    DATA_DEFAULT,
    FAULT,
    AsJson,
    Data,
    err,
    out,
    print_json,
    run_async,
    target,
)


def reconcile(
    since: Annotated[
        str, typer.Option(help="Payments sent from then on, like 2026-05-01; all if empty.")
    ] = "",
    until: Annotated[
        str, typer.Option(help="Payments sent before that; a day means its end.")
    ] = "",
    wait: Annotated[float, typer.Option(min=1, help="Seconds to wait for the payout worker.")] = (
        120.0
    ),
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Compare ledger, attempts and Stripe's own list, both ways; exit code 1 if they differ.

    With bank transfers the list is what the bank has confirmed.
    """
    task = ReconcileTask(
        since=read_moment(since, "--since", end=False) if since else None,
        until=read_moment(until, "--until", end=True) if until else None,
        record=not (since or until),
    )
    if task.since and task.until and task.since >= task.until:
        raise UserMistake("--since is not before --until", hint="exchange the two")

    async def work() -> tuple[ReconcileResult, bool]:
        async with target(data) as stack:
            client = await stack.temporal()
            if not as_json:
                err.print("Asking the payout worker, which has the key, to compare…")
            found = await compare_now(client, task, timedelta(seconds=wait))
            return found, stack.settings.by_bank

    found, by_bank = run_async(work())
    if as_json:
        print_json(_as_json(found, by_bank=by_bank))
    else:
        _show(found, by_bank=by_bank)
    if not found.agree:
        raise typer.Exit(FAULT)


def _as_json(found: ReconcileResult, *, by_bank: bool) -> dict[str, object]:
    return {
        "agree": found.agree,
        "compared_at": found.compared_at.isoformat(),
        "since": found.since.isoformat() if found.since else None,
        "until": found.until.isoformat() if found.until else None,
        "payouts": found.payouts,
        "attempts": found.attempts,
        "transfers": found.transfers,
        "under_way": found.under_way,
        "left_off": found.left_off,
        "explained": found.explained,
        "balance": found.balance.model_dump() if found.balance else None,
        "differences": [_difference(each, by_bank=by_bank) for each in found.differences],
    }


def _difference(each: Difference, *, by_bank: bool) -> dict[str, Any]:
    said = advice(each.code, by_bank=by_bank)
    return {
        "code": each.code.value,
        "payout": each.payout_id or None,
        "transfer": each.transfer_id or None,
        "account": each.account_id or None,
        "currency": each.currency,
        "ours": each.ours_minor,
        "theirs": each.theirs_minor,
        "means": said.means,
        "to_do": said.to_do,
    }


def _show(found: ReconcileResult, *, by_bank: bool) -> None:
    them = "the bank" if by_bank else "Stripe"
    sides = (
        f"{found.payouts} payments with {found.attempts} attempts, and {them}'s "
        f"{found.transfers} transfers for them"
    )
    if found.under_way:
        sides += f" ({found.under_way} just being sent)"
    if found.balance:
        told = f", {found.balance.told} of them for finance's inbox" if found.balance.told else ""
        out.print(f"What changed the balance at Stripe: {found.balance.lines} lines read{told}.")
    if found.agree:
        out.print(f"[green]Books and {them} agree[/]: {sides}.")
        return
    number = len(found.differences) + found.left_off
    out.print(f"[red]Books and {them} differ[/] in {number}: {sides}.")
    table = Table("difference", "payment", "transfer", "our books", them)
    for column in table.columns[3:]:
        column.justify = "right"
    for each in found.differences:
        table.add_row(
            each.code.value, each.payout_id or f"to {each.account_id}", each.transfer_id,
            _amount(each.ours_minor, each.currency), _amount(each.theirs_minor, each.currency),
        )  # fmt: skip
    out.print(table)
    if found.left_off:
        out.print(f"and {found.left_off} more; --since and --until show a part")
    for code in dict.fromkeys(each.code for each in found.differences):
        said = advice(code, by_bank=by_bank)
        out.print(f"[bold]{code.value}[/]: {escape(said.means)}")
        out.print(f"  {escape(said.to_do)}")


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(Money(minor=minor, currency=currency))
