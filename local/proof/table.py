"""The proof as a table for people."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from local.proof.moves import Move
from local.proof.steps import End
from local.proof.verdict import Found, Proof
from local.proof.walks import Walked


def show(proof: Proof, out: Console) -> None:
    """Print the table, and what it comes to."""
    out.print(_table(proof))
    if proof.walked:
        _show_walks(proof.walked, proof.seed, out)
    for each in proof.found:
        if each.violations:
            case = each.case
            out.print(f"[red]{case.part.value}, {case.words}[/]: {', '.join(each.violations)}")
    for fault in proof.faults:
        out.print(f"[red]{fault}[/]")
    unsound = len(proof.walked.violations) if proof.walked else 0
    wrong = sum(bool(each.violations) for each in proof.found)
    sums = f"{len(proof.found)} payments, {proof.transfers} transfers, {proof.seconds:.0f} s"
    if proof.holds:
        out.print(f"[green]Each payment was moved once, and the books are balanced[/]: {sums}.")
    else:
        walks = f" and {unsound} walks" if unsound else ""
        out.print(f"[red]This does not hold for {wrong} payments{walks}[/]: {sums}.")
    out.print(f"The same again: make prove-money SEED={proof.seed}")


def _show_walks(walked: Walked, seed: int, out: Console) -> None:
    """What happened in any order, by how often it was tried."""
    out.print(
        f"\nin any order, SEED={seed}: {walked.payments} payments, {walked.transfers} transfers, "
        f"{len(walked.violations)} violations"
    )
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("what happened", no_wrap=True)
    made.add_column("tries", justify="right")
    for move in Move:
        made.add_row(move.value, str(walked.tries[move.value]))
    out.print(made)
    for violation in walked.violations:
        out.print(f"[red]{escape(violation)}[/]")


def _table(proof: Proof) -> Table:
    made = Table(
        title=f"kill -9, and Stripe's bad days, SEED={proof.seed}",
        title_justify="left",
        caption="differ: from Stripe's list. doubt: in doubt without an inbox row.\n"
        "less: the creator owes something, which is kept back; netted: all of it.\n"
        "more: it takes along what is too small to be sent alone, the row below.\n"
        "elsewhere: people paid it without Troupe; the one above must leave it.",
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=0,
    )
    made.add_column("what", no_wrap=True)
    made.add_column("where the payment stood", no_wrap=True)
    for name in ("tries", "transfers", "differ", "doubt", "wrong"):
        made.add_column(name, justify="right")
    before = None
    for each in proof.found:
        first = each.case.part is not before
        if first and before is not None:
            made.add_section()
        before = each.case.part
        made.add_row(before.value if first else "", *_row(each))
    return made


def _row(each: Found) -> tuple[str, ...]:
    along = each.case.end is End.ALONG
    words = each.case.step.words if along else each.case.words
    words = f" {words}" if each.case.small else words
    same = along and not each.apart
    transfers = "same" if same else str(len(each.transfers))
    return (
        f"[red]{words}[/]" if each.violations else words,
        str(each.attempts), transfers, str(len(each.differences)),
        str(each.unexplained), str(len(each.violations)),
    )  # fmt: skip
