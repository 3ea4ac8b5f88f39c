"""`troupe roster import` and `troupe posts import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from domain.errors import UserMistake
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, out, print_json, run_async, target
from store.roster import ImportResult, import_posts, import_roster

roster = typer.Typer(help="Creators whom campaigns can choose from.", no_args_is_help=True)
posts = typer.Typer(help="What creators have posted, for brand safety.", no_args_is_help=True)

LARGEST = 256 * 1024 * 1024
"""Bytes of a file; read into memory at once."""

File = Annotated[Path, typer.Argument(help="CSV or JSON lines.")]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="Field and column, 'handle=Username,country==DE'; see docs/roster.md."
    ),
]
Source = Annotated[str, typer.Option(help="Where the records come from; default: the file's name.")]
Encoding = Annotated[str | None, typer.Option(help="If it cannot be told from the file.")]
Quarantine = Annotated[
    Path | None, typer.Option(help="Where rows that cannot be used go; default: beside the file.")
]


def read_bytes(file: Path) -> bytes:
    """Read a file that a person named.

    Raises:
        UserMistake: it cannot be read; says why.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise UserMistake(f"{file} is too large", hint="split it; importing twice is harmless")
        return file.read_bytes()
    except OSError as error:
        raise UserMistake(f"{file} cannot be read: {error.strerror or error}") from None


@roster.command("import")
def roster_import(
    file: File,
    mapping: Map = None,
    source: Source = "",
    encoding: Encoding = None,
    quarantine: Quarantine = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Bring creators in, or up to date; bad rows go to a quarantine file with the reason."""

    async def work() -> ImportResult:
        async with target(data) as stack:
            return await import_roster(
                stack.engine, content, source=source or file.name, at=now(),
                mapping=mapping or "", encoding=encoding,
            )  # fmt: skip

    content = read_bytes(file)
    _show(run_async(work()), file, quarantine, as_json)


@posts.command("import")
def posts_import(
    file: File,
    mapping: Map = None,
    source: Source = "",
    encoding: Encoding = None,
    quarantine: Quarantine = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Bring posts of known creators in; those of strangers go to the quarantine file."""

    async def work() -> ImportResult:
        async with target(data) as stack:
            return await import_posts(
                stack.engine, content, source=source or file.name, mapping=mapping or "",
                encoding=encoding,
            )  # fmt: skip

    content = read_bytes(file)
    _show(run_async(work()), file, quarantine, as_json)


def _show(result: ImportResult, file: Path, quarantine: Path | None, as_json: bool) -> None:
    if result.quarantine:
        place = quarantine or file.with_name(f"{file.stem}.quarantine.csv")
        try:
            place.write_bytes(result.quarantine)
        except OSError as error:
            raise UserMistake(
                f"imported, but {place} cannot be written: {error.strerror}",
                hint="name another place with --quarantine; importing again is harmless",
            ) from None
        result = result.model_copy(update={"quarantine_file": str(place)})
    if as_json:
        print_json(result.model_dump(mode="json"))
        return
    out.print(
        f"{result.rows} rows ({result.form}, {result.encoding}): [green]{result.created} new[/], "
        f"{result.updated} changed, {result.unchanged} as they were, "
        f"{result.quarantined} in quarantine"
    )
    if result.without_address:
        out.print(f"{result.without_address} have no address: they are contacted by hand")
    for note in result.notes:
        out.print(f"note: {escape(note)}")
    for row in result.left_out:
        out.print(f"  line {row.line}: {escape(row.reason)}")
    if result.quarantine_file:
        out.print(f"quarantine: {escape(result.quarantine_file)}")
