"""`troupe evaluate`: how well the engines do on a file that the user has labelled. No services."""

from __future__ import annotations

import time
import zlib
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.columns import resolve
from domain.errors import UserMistake
from domain.evaluation import Agreement, agreement, read_label
from domain.language import guess_language
from domain.tabular import Row, read_table
from domain.word_lists import LEXICON
from local.cli_imports import read_bytes
from local.cli_support import AsJson, out, print_json

evaluate = typer.Typer(
    help="Judge the engines on labelled texts of your own.", no_args_is_help=True
)

FLAG_FROM = 2
"""The least severity that is always shown to a person, so that it counts as flagged."""

LARGEST = 256 * 1024 * 1024
"""Bytes of a gzip file when unpacked."""


@evaluate.callback()
def _group() -> None:
    """Keeps the name of the only command in the command line."""


@evaluate.command()
def safety(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, also as .gz.")],
    text: Annotated[str, typer.Option(help="The column with the text.")],
    label: Annotated[str, typer.Option(help="The column with 1 for unsafe and 0 for safe.")],
    as_json: AsJson = False,
) -> None:
    """Compare the word lists with the labels of people."""
    texts, labels = _labelled(file, text, label)
    begun = time.perf_counter()
    marks = [_mark(each) for each in texts]
    seconds = time.perf_counter() - begun
    found = agreement(labels, marks, FLAG_FROM)
    if as_json:
        speed = round(len(texts) / seconds)
        print_json({"engine": LEXICON.name, "texts_per_second": speed, **found.model_dump()})
    else:
        _show(found, len(texts) / seconds)


def _mark(text: str) -> float:
    found = LEXICON.find([text], guess_language([text]))
    return float(max((each.severity for each in found), default=0))


def _labelled(file: Path, text: str, label: str) -> tuple[list[str], list[bool]]:
    table = read_table(_unpacked(file))
    columns = resolve({"text": text, "label": label}, table.headers, {"text": (), "label": ()})
    texts, labels = [], []
    for row in table.rows:
        cell = columns["label"].value(row.cells).strip()
        if row.fault:
            raise UserMistake(f"line {row.line}: {row.fault}")
        if cell:
            texts.append(columns["text"].value(row.cells))
            labels.append(_label(row, cell, label))
    if not texts:
        raise UserMistake(f"{file} has no row with a label in '{label}'")
    return texts, labels


def _label(row: Row, cell: str, column: str) -> bool:
    read = read_label(cell)
    if read is None:
        raise UserMistake(
            f"line {row.line}: '{cell[:40]}' in column '{column}' is not a label",
            hint="write 1 or true for unsafe, 0 or false for safe",
        )
    return read


def _unpacked(file: Path) -> bytes:
    content = read_bytes(file)
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacking.decompress(content, LARGEST)
    except zlib.error:
        raise UserMistake(f"{file} is a damaged gzip file") from None
    if not unpacking.eof:
        raise UserMistake(f"{file} is cut off, or larger than {LARGEST:,} bytes when unpacked")
    return unpacked


def _show(found: Agreement, speed: float) -> None:
    grid = Table(title=LEXICON.name, show_header=False)
    for name, value in found.model_dump().items():
        shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        grid.add_row(name.replace("_", " "), shown)
    grid.add_row("texts per second", f"{speed:,.0f}")
    out.print(grid)
