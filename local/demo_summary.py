"""How a demonstration ends: what happened, the scene with ``kill -9``, and the books compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from local.demo_kill import Aftermath, Killed, count
from local.demo_reconcile import Line
from local.demo_scenes import Scene
from local.demo_screen import clock
from rendering.vocabulary.stages import OUTCOMES, STAGES
from store.campaigns import CampaignSummary

MOST_TOLD = 2
"""Sentences of one scene that are printed; the desk has all."""

LEFT = (0, 0, 0, 4)
"""Set in from the left."""

Say = Callable[[int], str]


@dataclass(frozen=True)
class Ending:
    """Everything that the summary says."""

    summary: CampaignSummary
    scenes: Sequence[Scene]
    killed: Killed | None
    after: Aftermath | None
    lines: Sequence[Line]
    seconds: float
    seed: int
    report: Path
    reopen: str

    @property
    def sound(self) -> bool:
        """True if nothing was lost, nothing paid twice, and all books agree."""
        harmed = self.after is not None and (self.after.lost or self.after.paid_twice)
        return not harmed and all(line.equal for line in self.lines)


def tell(ending: Ending, console: Console, say: Say) -> None:
    """Print it."""
    _tell_result(ending, console, say)
    _tell_scenes(ending.scenes, console)
    _tell_kill(ending, console)
    _tell_books(ending.lines, console)
    console.print()
    console.print(f"Report   [bold]{escape(str(ending.report))}[/]", soft_wrap=True)
    console.print(f"Reopen   [bold]{escape(ending.reopen)}[/]", soft_wrap=True)


def _tell_result(ending: Ending, console: Console, say: Say) -> None:
    found = ending.summary
    people = sum(found.candidates.values())
    console.print(Rule(f"[bold]{escape(found.name)}[/]", style="cyan"))
    paid = say(found.money.get("paid", 0))
    if not found.outcomes:
        console.print(
            f"{people} creators looked at, and none fits this campaign: the desk says for each "
            f"which rule spoke against it. It took {ending.seconds:.0f} seconds."
        )
        return
    outcomes = ", ".join(f"{count} {OUTCOMES[name].lower()}" for name, count in _sorted(found))
    console.print(
        f"{people} creators looked at, {sum(found.outcomes.values())} invited: {outcomes}.\n"
        f"{paid} paid in {found.payouts.get('transferred', 0)} payments, out of a budget of "
        f"{say(sum(found.money.get(name, 0) for name in BUDGET))}. "
        f"It took {ending.seconds:.0f} seconds (seed {ending.seed})."
    )


BUDGET = ("available", "reserved", "payable", "in_transit", "paid")


def _sorted(found: CampaignSummary) -> list[tuple[str, int]]:
    order = list(OUTCOMES)
    return sorted(found.outcomes.items(), key=lambda each: order.index(each[0]))


def _tell_scenes(scenes: Sequence[Scene], console: Console) -> None:
    console.print()
    console.print(Rule("What happened on the way", align="left", style="dim"))
    for scene in scenes:
        mark = "[green]✓[/]" if scene.told else "[yellow]–[/]"
        console.print(f"{mark} [bold]{scene.title}[/]")
        if not scene.told:
            console.print(
                Padding("[dim]It did not come to that this time; try another seed.[/]", LEFT)
            )
        for sentence in scene.told[:MOST_TOLD]:
            console.print(Padding(Text(sentence), LEFT))
        if len(scene.told) > MOST_TOLD:
            more = len(scene.told) - MOST_TOLD
            console.print(Padding(f"[dim]and {more} more like this[/]", LEFT))


def _tell_kill(ending: Ending, console: Console) -> None:
    console.print()
    console.print(Rule("kill -9", align="left", style="red"))
    killed, after = ending.killed, ending.after
    if killed is None or after is None:
        console.print("The campaign was over before the workers could be killed.")
        return
    stages = ", ".join(f"{count} {_stage(name)}" for name, count in killed.before.stages.items())
    sending = len(killed.before.sending)
    console.print(
        f"At {clock(killed.at)} all {len(killed.pids)} worker processes were ended with SIGKILL "
        f"({', '.join(str(pid) for pid in killed.pids.values())})."
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row(
        "in flight", f"{count(len(killed.before.collaborations), 'collaboration')}: {stages}"
    )
    table.add_row(
        "", f"{count(len(killed.before.payouts), 'payment')}, {_money_in_flight(killed, sending)}"
    )
    table.add_row(
        "workers", f"started again by their supervisor, all back after {killed.back_after:.1f} s"
    )
    became = ", ".join(f"{count} {_ended(name)}" for name, count in after.became.items())
    table.add_row("became", became)
    table.add_row("", f"{count(after.paid_once, 'payment')} made, each once{_how(killed, after)}")
    if after.unpaid:
        table.add_row("", f"[red]{after.unpaid} payments never made[/]")
    console.print(Padding(table, (0, 0, 0, 2)))
    color = "red" if after.lost or after.paid_twice else "bold green"
    console.print(f"[{color}]{after.lost} lost, {after.paid_twice} paid twice.[/]")
    console.print(
        "[dim]No program of ours had to remember anything: what is to happen next stands in "
        "Temporal, and what had happened in PostgreSQL and at Stripe.[/]"
    )


def _how(killed: Killed, after: Aftermath) -> str:
    """How it was found out what had become of the transfers that nobody had heard of."""
    sending = len(killed.before.sending)
    told = sending - after.asked_again
    parts = []
    if after.asked_again:
        parts.append(
            f"{after.asked_again} by asking Stripe again with the same key, which moves nothing"
        )
    if told:
        parts.append(f"{told} by Stripe's own webhook, which had arrived meanwhile")
    if not parts:
        return "."
    return f". Of the {sending} unheard, Troupe learnt the end of {' and of '.join(parts)}."


def _money_in_flight(killed: Killed, sending: int) -> str:
    if not sending:
        return "none of them with Stripe"
    if killed.moved:
        return (
            f"{sending} with Stripe: it had moved the money of {killed.moved}, and nobody was "
            "left to hear it"
        )
    return f"{sending} with Stripe, without an answer"


def _stage(name: str) -> str:
    return STAGES.get(name, name).lower()


def _ended(name: str) -> str:
    return OUTCOMES.get(name, name).lower()


def _tell_books(lines: Sequence[Line], console: Console) -> None:
    console.print()
    console.print(Rule("The books compared", align="left", style="dim"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("what")
    table.add_column("Troupe's books")
    table.add_column("the other side")
    for line in lines:
        mark = "[green]✓[/]" if line.equal else "[bold red]✗[/]"
        table.add_row(mark, line.what, escape(line.ours), escape(line.theirs))
    console.print(table)
