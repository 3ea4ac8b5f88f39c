"""The `troupe` command. Exit codes: 0 done, 2 the person's mistake, 1 a fault (docs/cli.md)."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from domain.disclosure import check_disclosure
from domain.lifecycle import Role
from integrations.temporal import leave
from local import demo
from local.child import CHECKOUT
from local.cli_campaign import campaign
from local.cli_credibility import credibility
from local.cli_evaluate import evaluate
from local.cli_exports import export
from local.cli_imports import posts, roster
from local.cli_ledger import ledger
from local.cli_payouts import payouts
from local.cli_quote import show_quote
from local.cli_reconcile import reconcile
from local.cli_shortlist import show_shortlist
from local.cli_staff import staff
from local.cli_support import (
    DATA_DEFAULT,
    DONE,
    FAULT,
    AsJson,
    Data,
    exit_with,
    out,
    print_json,
    run_async,
    target,
)
from local.cli_totals import totals
from local.cli_up import run_up
from local.doctor import Status, examine
from local.rehearsal import POSTS, ROSTER
from local.sample import begin as begin_sample
from store import desk
from store.engine import session

app = typer.Typer(
    name="troupe",
    help="Runs influencer campaigns: people decide, everything between is automatic.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(roster, name="roster")
app.add_typer(posts, name="posts")
app.add_typer(campaign, name="campaign")
app.add_typer(staff, name="staff")
app.add_typer(evaluate, name="evaluate")
app.add_typer(ledger, name="ledger")
payouts.command("export")(export)
payouts.command("totals")(totals)
app.add_typer(payouts, name="payouts")
evaluate.command("credibility")(credibility)
app.command("quote")(show_quote)
app.command("shortlist")(show_shortlist)
app.command("reconcile")(reconcile)


@app.command()
def up(
    sample: Annotated[
        bool, typer.Option("--sample", help="Load the example, with simulated creators.")
    ] = False,
    data: Data = DATA_DEFAULT,
) -> None:
    """Start everything on this machine and stay until Ctrl-C."""
    run_up(data, sample=sample, after_start=begin_sample if sample else None)


@app.command("demo")
def demonstration(
    seed: Annotated[int, typer.Option(envvar="SEED", help="Another course of events.")] = 1,
    roster: Annotated[Path, typer.Option(help="Who may be invited (CSV or JSON lines).")] = ROSTER,
    posts: Annotated[
        Path | None, typer.Option(help="What they have posted; the example's posts by default.")
    ] = None,
    campaign: Annotated[Path, typer.Option(help="A campaign file, with deadlines in seconds.")] = (
        demo.CAMPAIGN
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
    data: Annotated[Path, typer.Option("--data", help="A folder of its own.")] = demo.FOLDER,
) -> None:
    """Play a whole campaign in about a minute, with simulated people, and stop."""
    captions = posts or (POSTS if roster == ROSTER else None)
    wish = demo.Wish(data.resolve(), seed, roster, captions, campaign, keep)
    raise typer.Exit(demo.run_demo(wish))


@app.command()
def doctor(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Look at everything that is needed, and say what to do where something is wrong."""
    findings = run_async(examine(data.resolve()))
    healthy = all(finding.status is not Status.FAULT for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "checks": [finding.as_json() for finding in findings]})
    else:
        colors = {Status.OK: "green", Status.WARNING: "yellow", Status.FAULT: "red"}
        for finding in findings:
            color = colors.get(finding.status, "dim")
            out.print(
                f"[{color}]{finding.status:<8}[/] {finding.name:<11} {escape(finding.message)}"
            )
            if finding.fix and finding.status is not Status.OK:
                out.print(f"{'':21}{escape(finding.fix)}")
    if not healthy:
        raise typer.Exit(FAULT)


@app.command()
def inbox(
    role: Annotated[
        list[Role] | None, typer.Option(help="Only these roles; may be given several times.")
    ] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what waits for the brand's staff, worst due first."""
    wanted = [one.value for one in role or [one for one in Role if one is not Role.CREATOR]]

    async def work() -> desk.Inbox:
        async with target(data) as stack, session(stack.engine) as db:
            return await desk.inbox(db, wanted)

    found = run_async(work())
    rows = [
        {
            "id": row.item.id,
            "kind": row.item.kind,
            "role": row.item.role,
            "campaign": row.campaign.id,
            "subject": row.item.subject_id,
            "opened_at": row.item.opened_at.isoformat(),
            "due_at": row.item.due_at.isoformat() if row.item.due_at else None,
            "escalated": row.item.escalated,
        }
        for row in found.page.rows
    ]
    if as_json:
        print_json({"total": found.total, "counts": found.counts, "items": rows})
        return
    if not rows:
        out.print("Nothing waits for anybody.")
        return
    table = Table("kind", "for", "campaign", "about", "due")
    for row in rows:
        table.add_row(
            str(row["kind"]), str(row["role"]), str(row["campaign"]), str(row["subject"]),
            str(row["due_at"] or ""),
        )  # fmt: skip
    out.print(table)
    if found.total > len(rows):
        out.print(f"and {found.total - len(rows)} more; the desk shows all")


@app.command("check-disclosure")
def disclosure(
    country: Annotated[str, typer.Option(help="Where the audience is: DE, GB, US…")],
    brand: Annotated[str, typer.Option(help="The brand's name, or its @account.")],
    text: Annotated[str, typer.Option(help="The caption.")],
    as_json: AsJson = False,
) -> None:
    """Judge whether a text shows that it is advertising: pass, review or fail, with reasons."""
    found = check_disclosure(text, country, brand)
    if as_json:
        print_json({"country": country.upper(), "brand": brand, **found.model_dump(mode="json")})
        return
    color = {"pass": "green", "review": "yellow", "fail": "red"}[found.verdict]
    out.print(f"[{color}]{found.verdict}[/] ({escape(found.rule_version)})")
    for reason in found.reasons:
        out.print(f"  {escape(reason)}")


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="workflows, vetting, outreach, publication, payouts.")
    ] = None,
) -> None:
    """Run workers with the settings of the environment; all queues, or the ones named."""
    named = [part for name in queue or ["all"] for part in ("--queue", name)]
    program = str(CHECKOUT / "worker.py")
    # Becomes the worker, so that signals and exit codes are its own.
    os.execv(sys.executable, [sys.executable, program, *named])  # noqa: S606


@app.command()
def version() -> None:
    """Print the version."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    out.print(f"troupe {project['version']}")


def main() -> None:
    """Run a command; whatever goes wrong is said in a sentence, with the right exit code."""
    try:
        app(prog_name="troupe")
    except SystemExit:
        raise
    except BaseException as error:
        exit_with(error)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else FAULT if end.code else DONE)
    leave(DONE)
