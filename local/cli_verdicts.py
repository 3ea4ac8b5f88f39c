"""`troupe campaign verdicts`: what brand safety said of everybody, for a file of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, TextIO

import typer

from domain.spreadsheet import BOM, Sheet
from local.cli_exports import one_output, tell_written, whole_file
from local.cli_support import DATA_DEFAULT, AsJson, Data, run_async, target
from store.campaigns import find_campaign
from store.engine import session
from store.verdicts import VerdictLine, verdicts

COLUMNS = (
    "creator", "handle", "platform", "occasion", "judged_at", "verdict", "engine", "reasons",
    "evidence", "news", "decided", "decided_by", "why",
)  # fmt: skip


class Form(StrEnum):
    """How the file is written."""

    CSV = "csv"
    JSONL = "jsonl"


def export_verdicts(
    file: Annotated[str, typer.Argument(help="Where to; - for standard output.")],
    which: Annotated[
        str, typer.Argument(help="Id, its beginning, or name; nothing: the newest campaign.")
    ] = "",
    form: Annotated[
        Form,
        typer.Option("--format", help="csv: for a spreadsheet. jsonl: with every post quoted."),
    ] = Form.CSV,
    semicolons: Annotated[
        bool, typer.Option("--semicolons", help="csv: for spreadsheets that write 1,50.")
    ] = False,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write every brand-safety verdict with its evidence, engine, date and what people said."""
    one_output(file, as_json)
    sheet = Sheet(semicolons)

    async def work(into: TextIO) -> int:
        async with target(data) as stack, session(stack.engine) as db:
            campaign = await find_campaign(db, which)
            if form is Form.CSV:
                into.write(BOM + sheet.row(COLUMNS))
            count = 0
            async for line in verdicts(db, campaign.id):
                into.write(_row(sheet, line) if form is Form.CSV else _json(line))
                count += 1
            return count

    with whole_file(file) as into:
        count = run_async(work(into))
    tell_written(file, form.value, count, "verdicts", as_json)


def _row(sheet: Sheet, line: VerdictLine) -> str:
    found = (f"{each['title']} ({each['severity']}/4): {each['words']}" for each in line.evidence)
    return sheet.row(
        (
            line.creator_id, line.handle, line.platform, line.occasion,
            line.judged_at.isoformat() if line.judged_at else "", line.verdict, line.engine,
            " ".join(line.reasons), "; ".join(found), "yes" if line.news else "",
            line.decided, line.decided_by, line.why,
        )
    )  # fmt: skip


def _json(line: VerdictLine) -> str:
    judged = line.judged_at.isoformat() if line.judged_at else None
    return json.dumps(asdict(line) | {"judged_at": judged}, ensure_ascii=False) + "\n"
