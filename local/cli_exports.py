"""`troupe payouts export`: files for spreadsheets and for bookkeeping."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.markup import escape

from domain.errors import UserMistake
from domain.lifecycle import PayoutStatus
from domain.moments import read_moment
from domain.spreadsheet import Sheet
from local.cli_support import (
    DATA_DEFAULT,
    AsJson,
    Data,
    err,
    now,
    print_json,
    run_async,
    target,
)
from store import credits
from store.campaigns import find_campaign
from store.engine import session
from store.journal import ACCOUNTS
from store.payment_lines import Wanted
from web.exports import Export, Format, rows

STDOUT = "-"


def export(
    file: Annotated[str, typer.Argument(help="Where to; - for standard output.")],
    form: Annotated[
        Format, typer.Option("--format", help="csv: the payments. journal: double entry.")
    ] = Format.CSV,
    since: Annotated[str, typer.Option(help="From this day or time on.")] = "",
    until: Annotated[str, typer.Option(help="To the end of this day, or this time.")] = "",
    campaign: Annotated[
        str, typer.Option(help="Only this campaign: id, its beginning, or name.")
    ] = "",
    status: Annotated[PayoutStatus | None, typer.Option(help="csv: only this status.")] = None,
    sent: Annotated[
        bool, typer.Option("--sent", help="csv: only what was sent, and --since by that day.")
    ] = False,
    semicolons: Annotated[
        bool, typer.Option("--semicolons", help="For spreadsheets that write 1,50.")
    ] = False,
    account: Annotated[
        list[str] | None, typer.Option(help="journal: your own number, like fees=4925.")
    ] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write payments, or the journal, into a CSV file that opens in a spreadsheet."""
    if form is Format.JOURNAL and (status or sent):
        raise UserMistake("--status and --sent are for --format csv", hint="leave them out")
    if form is Format.CSV and account:
        raise UserMistake("--account is for --format journal", hint="leave it out")
    one_output(file, as_json)
    numbers = _numbers(account or [])
    begin = read_moment(since, "--since", end=False) if since else None
    end = read_moment(until, "--until", end=True) if until else None

    async def work(into: TextIO) -> int:
        async with target(data) as stack, session(stack.engine) as db:
            of = (await find_campaign(db, campaign)).id if campaign else ""
            wanted = Wanted(status.value if status else "", of, begin, end, sent)
            await credits.book(db, now())
            written = -1  # the head is not a row
            async for row in rows(db, Export(form, wanted, Sheet(semicolons), numbers)):
                into.write(row)
                written += 1
            return written

    with whole_file(file) as into:
        count = run_async(work(into))
    tell_written(file, form.value, count, "rows", as_json)


def one_output(file: str, as_json: bool) -> None:
    """Refuse to write a file and an answer into each other.

    Raises:
        UserMistake: both are wanted on standard output.
    """
    if as_json and file == STDOUT:
        raise UserMistake("--json and - both want standard output", hint="name a file")


def tell_written(file: str, form: str, count: int, what: str, as_json: bool) -> None:
    """Say how much of what is in the file now; a file on standard output speaks for itself."""
    if as_json:
        print_json({"file": file, "format": form, "rows": count})
    elif file != STDOUT:
        err.print(f"{count} {what} in {escape(file)}")


def _numbers(given: list[str]) -> dict[str, str]:
    """The brand's own account numbers.

    Raises:
        UserMistake: not ``name=number``, or no such account.
    """
    found = {}
    for each in given:
        name, _, number = each.partition("=")
        if name not in ACCOUNTS or not number.strip():
            raise UserMistake(
                f"--account {each}: this names no account and number",
                hint=f"write fees=4925; the accounts are {', '.join(ACCOUNTS)}",
            )
        found[name] = number.strip()
    return found


@contextmanager
def whole_file(file: str) -> Iterator[TextIO]:
    """A file that appears when it is complete, and that only its owner may read.

    Raises:
        UserMistake: it cannot be written there.
    """
    if file == STDOUT:
        yield sys.stdout
        return
    path = Path(file)
    if path.is_dir():
        raise UserMistake(f"{file} is a folder", hint="name a file in it")
    try:
        number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UserMistake(
            f"{file} cannot be written: {error.strerror}", hint="name a file in a folder of yours"
        ) from error
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as into:
            yield into
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)
