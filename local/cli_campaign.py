"""`troupe campaign`: check a file, start it, see how it stands, pause, resume, stop, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign_yaml import CampaignMistakes, Mistake, check_campaign
from domain.decisions import DecisionKind, PlainChoice
from domain.errors import NotAllowed, Unavailable, UserMistake
from domain.lifecycle import Role, StreamKind
from domain.messages import CampaignInput, DecisionRef
from domain.money import Money
from integrations.temporal import send_decision, start_campaign
from local.cli_imports import read_bytes
from local.cli_support import (
    DATA_DEFAULT,
    MISTAKE,
    AsJson,
    Data,
    now,
    out,
    print_json,
    run_async,
    target,
)
from local.cli_verdicts import export_verdicts
from rendering.report import render_report
from store import campaigns, decisions, reports
from store import staff as people
from store.engine import session
from store.tables import Staff

campaign = typer.Typer(help="Campaigns, from file to report.", no_args_is_help=True)
campaign.command("verdicts")(export_verdicts)

File = Annotated[Path, typer.Argument(help="A campaign file (YAML).")]
Which = Annotated[
    str, typer.Argument(help="Id, its beginning, or name; nothing: the newest campaign.")
]
As = Annotated[str, typer.Option("--as", help="The manager who decides, by e-mail address.")]

REFUSALS = {
    "wrong_stage": "the campaign is not at a point where that is possible",
    "closed": "the campaign is over",
    "already_decided": "that has been decided already",
    "not_allowed": "this person may not do that",
    "too_late": "it is too late for that",
    "stale": "the campaign has changed meanwhile",
}


class Refused(UserMistake):
    """The campaign refused a decision."""

    code = "refused"


def _place(mistake: Mistake) -> dict[str, Any]:
    return {
        "line": mistake.line,
        "column": mistake.column,
        "path": mistake.path,
        "message": mistake.message,
        "hint": mistake.hint,
    }


@campaign.command("validate")
def validate(file: File, as_json: AsJson = False) -> None:
    """Check a campaign file; says every mistake at once, with its line and what would be right."""
    found = check_campaign(read_bytes(file))
    if as_json:
        print_json(
            {
                "valid": found.file is not None,
                "file": str(file),
                "mistakes": [_place(one) for one in found.mistakes],
                "warnings": [_place(one) for one in found.warnings],
            }
        )
    else:
        for kind, color, list_ in (
            ("mistake", "red", found.mistakes),
            ("warning", "yellow", found.warnings),
        ):
            for one in list_:
                where = f"{file}:{one.line}:{one.column}"
                what = f"{one.path}: {one.message}" if one.path else one.message
                out.print(f"{escape(where)}: [{color}]{kind}[/] {escape(what)}")
                if one.hint:
                    out.print(f"    {escape(one.hint)}")
        if found.file is not None:
            out.print(f"[green]{escape(str(file))} is right[/]: {escape(found.file.name)}")
    if found.file is None:
        raise typer.Exit(MISTAKE)


async def _manager(db: AsyncSession, email: str) -> Staff:
    if email:
        person = await people.find_by_email(db, email)
        if person is None or not person.active:
            raise UserMistake(
                f"{email} cannot sign in here", hint="./troupe staff list shows who can"
            )
        if Role.MANAGER.value not in person.roles:
            raise NotAllowed(f"{email} is not a manager", hint="name one with --as")
        return person
    managers = [
        row for row in await people.list_staff(db) if row.active and Role.MANAGER.value in row.roles
    ]
    if len(managers) != 1:
        raise UserMistake(
            "there is no manager" if not managers else "there is more than one manager",
            hint="say who decides: --as ADDRESS",
        )
    return managers[0]


@campaign.command("start")
def start(file: File, who: As = "", data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Start a campaign from a file."""
    content = read_bytes(file)
    found = check_campaign(content)
    if found.file is None:
        raise CampaignMistakes(found.mistakes)
    wanted = found.file

    async def work() -> str:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                manager = await _manager(db, who)
            client = await stack.temporal()
            async with session(stack.engine) as db:
                made = await campaigns.create_campaign(
                    db, wanted, content.decode("utf-8-sig"), manager.id, now(),
                    by_bank=stack.settings.payout_rail == "sepa",
                    rules=stack.settings.house_rules,
                )  # fmt: skip
            remind = max(1, int(wanted.shortlist_remind_after.total_seconds()))
            await start_campaign(
                client,
                CampaignInput(
                    campaign_id=made,
                    wanted=wanted.creators.wanted,
                    window=wanted.outreach.window,
                    budget_minor=wanted.budget.total.minor,
                    currency=wanted.currency,
                    remind_shortlist_seconds=remind,
                ),
            )
            return made

    made = run_async(work())
    if as_json:
        print_json({"campaign": made, "name": wanted.name, "status": "vetting"})
    else:
        out.print(f"started {made}; next: the manager signs off the shortlist in the desk")


@campaign.command("status")
def status(which: Which = "", data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show where a campaign stands; without a name, list all and show the newest."""

    async def work() -> tuple[list[Any], campaigns.CampaignSummary]:
        async with target(data) as stack, session(stack.engine) as db:
            found = await campaigns.find_campaign(db, which)
            listed = [] if which else list(await campaigns.list_campaigns(db))
            return listed, await campaigns.summary(db, found.id)

    listed, summary = run_async(work())
    if as_json:
        others = [{"id": row.id, "name": row.name, "status": row.status} for row in listed]
        print_json({"campaign": summary.model_dump(mode="json"), "campaigns": others})
        return
    if len(listed) > 1:
        table = Table("campaign", "name", "status", "started")
        for row in listed:
            table.add_row(row.id, escape(row.name), row.status, f"{row.created_at:%Y-%m-%d %H:%M}")
        out.print(table)
    out.print(
        f"[bold]{escape(summary.name)}[/] ({summary.id}): {summary.status}, wants {summary.wanted}"
    )
    for title, counts in (
        ("candidates", summary.candidates), ("going on", summary.stages),
        ("ended", summary.outcomes), ("waits for", summary.waits_for),
        ("payments", summary.payouts),
    ):  # fmt: skip
        if counts:
            shown = ", ".join(f"{count} {name}" for name, count in counts.items())
            out.print(f"  {title:<11}{shown}")
    money = ", ".join(
        f"{name} {Money(minor=amount, currency=summary.currency)}"
        for name, amount in summary.money.items()
        if amount
    )
    if money:
        out.print(f"  {'money':<11}{money}")


def _decide(kind: DecisionKind, which: str, who: str, comment: str, data: Path) -> tuple[str, bool]:
    async def work() -> tuple[str, bool]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                manager = await _manager(db, who)
                found = await campaigns.find_campaign(db, which)
                made = await decisions.submit(
                    db, kind=kind, subject_kind="campaign", subject_id=found.id,
                    actor_kind="staff", actor_id=manager.id,
                    choice=PlainChoice.model_validate({"kind": kind}),
                    seen="", comment=comment, at=now(),
                )  # fmt: skip
            # The row stands: if Temporal is away now, the sweep sends it when it is back.
            ref = DecisionRef(decision_id=made, kind=kind, seen="")
            try:
                client = await stack.temporal()
                result = await send_decision(client, StreamKind.CAMPAIGN, found.id, ref)
            except Unavailable:
                result = None
            if result is not None and not result.applied:
                why = REFUSALS.get(result.code, f"refused: {result.code}")
                raise Refused(f"{found.name}: {why}")
            return found.id, result is not None

    return run_async(work())


def _tell(done: str, outcome: tuple[str, bool], as_json: bool) -> None:
    campaign_id, applied = outcome
    if as_json:
        print_json({"campaign": campaign_id, "decision": done, "applied": applied})
    else:
        out.print(f"{campaign_id} {done}" if applied else f"{campaign_id}: recorded, being applied")


Comment = Annotated[str, typer.Option(help="The reason; kept with the decision.")]


@campaign.command("pause")
def pause(
    which: Which = "", who: As = "", comment: Comment = "", data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Start nobody new; deadlines of creators stand still."""
    _tell("paused", _decide(DecisionKind.PAUSE_CAMPAIGN, which, who, comment, data), as_json)


@campaign.command("resume")
def resume(
    which: Which = "", who: As = "", comment: Comment = "", data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Go on after a pause."""
    _tell("resumed", _decide(DecisionKind.RESUME_CAMPAIGN, which, who, comment, data), as_json)


@campaign.command("stop")
def stop(
    which: Which = "", who: As = "", comment: Comment = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = DATA_DEFAULT, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Stop for good: the unsigned are cancelled, the signed get a kill-fee decision."""
    if not yes and not typer.confirm(f"Stop {which or 'the newest campaign'} for good?"):
        raise UserMistake("not stopped")
    _tell("stopped", _decide(DecisionKind.STOP_CAMPAIGN, which, who, comment, data), as_json)


@campaign.command("report")
def report(
    which: Which = "",
    html: Annotated[
        Path | None, typer.Option("--html", help="Write the report as one HTML file.")
    ] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what a campaign brought and cost; before its end, what is known now."""

    async def work() -> dict[str, Any]:
        async with target(data) as stack, session(stack.engine) as db:
            found = await campaigns.find_campaign(db, which)
            return await reports.for_people(db, found.id)

    made = run_async(work())
    if html is not None:
        try:
            html.write_text(render_report(made), encoding="utf-8")
        except OSError as error:
            raise UserMistake(f"{html} cannot be written: {error.strerror}") from None
    if as_json:
        print_json(made)
        return
    about, funnel, money = made["campaign"], made["funnel"], made["money"]
    out.print(f"[bold]{escape(about['name'])}[/] ({about['id']}): {about['status']}")
    steps = ("looked_at", "suitable", "invited", "signed", "published", "verified", "completed")
    out.print("  " + " > ".join(f"{funnel[step]} {step.replace('_', ' ')}" for step in steps))
    sums = ("budget", "paid", "in_transit", "payable", "reserved", "available")
    for name in sums:
        amount = Money(minor=money[name], currency=about["currency"])
        out.print(f"  {name.replace('_', ' '):<11}{amount!s:>16}")
    if html is not None:
        out.print(f"written to {escape(str(html))}")
