"""`troupe up`: the embedded stack in the foreground, until Ctrl-C."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from local.cli_support import DATA_DEFAULT, Data, out
from local.interrupts import run_until_stopped
from local.sample import begin
from local.stack import Stack

AfterStart = Callable[[Stack], Awaitable[None]]


def notice(text: str) -> None:
    """Tell the person in front of the terminal."""
    out.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {escape(text)}")


async def _stay(folder: Path, sample: bool, after_start: AfterStart | None) -> None:
    out.print(f"Starting Troupe on {escape(str(folder))}")
    async with Stack(
        folder, sample=sample, notice=notice, progress=lambda part: out.print(f"  {part} …")
    ) as stack:
        show(stack)
        if after_start is not None:
            await after_start(stack)
        await asyncio.Event().wait()


def show(stack: Stack) -> None:
    """Print where everything is and who may sign in."""
    addresses = stack.addresses
    table = Table.grid(padding=(0, 2))
    table.add_row("desk", f"[bold]{addresses.desk}[/]", "decisions, campaigns, payments")
    for name, address, what in (
        ("mail", addresses.mail, "every mail that would have been sent"),
        ("Temporal", addresses.temporal_ui, "every workflow, to look at"),
        ("payments", addresses.stripe, "stands in for Stripe; no money moves"),
        ("posts", addresses.social, "stands in for the platforms"),
    ):
        if address:
            table.add_row(name, address, f"[dim]{what}[/]")
    out.print()
    out.print(table)
    people = Table.grid(padding=(0, 2))
    for account in stack.accounts:
        people.add_row(account.role, account.email, escape(account.password))
    if stack.accounts:
        out.print("\nSign in as (passwords as generated; change them with ./troupe staff passwd):")
        out.print(people)
    out.print(f"\nLogs and data: {escape(str(stack.folder))}   Ctrl-C stops everything.\n")


def run_up(folder: Path, *, sample: bool, after_start: AfterStart | None = None) -> None:
    """Start everything, say where it is, stay until stopped."""
    if not run_until_stopped(_stay(folder.resolve(), sample, after_start), notice):
        out.print("Stopped. The data stays; `make up` goes on where it was.")


def up(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the example, with simulated creators.")
    ] = False,
    data: Data = DATA_DEFAULT,
) -> None:
    """Start everything on this machine and stay until Ctrl-C."""
    run_up(data, sample=sample, after_start=begin if sample else None)
