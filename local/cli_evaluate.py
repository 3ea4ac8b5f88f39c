"""`troupe evaluate`: how well the engines do on a file that the user has labelled. No services."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.categories import CATEGORIES, category_of
from domain.columns import Source, resolve
from domain.errors import UserMistake
from domain.evaluation import Agreement, Ranking, agreement, ranking, read_label
from domain.findings import SafetyEngine
from domain.language import guess_language
from domain.tabular import Row, read_table
from domain.tabular import Table as FileTable
from domain.topics import read_topics
from domain.word_lists import LEXICON
from integrations.classifier import fast_engine
from integrations.fine import fine_engine
from local.cli_imports import read_bytes
from local.cli_support import AsJson, out, print_json

evaluate = typer.Typer(
    help="Judge the engines on labelled texts of your own.", no_args_is_help=True
)


class Speed(StrEnum):
    """How much time an engine takes for a text."""

    FAST = "fast"
    FINE = "fine"


ENGINES: dict[Speed, Callable[[], SafetyEngine]] = {
    Speed.FAST: fast_engine,
    Speed.FINE: fine_engine,
}

LARGEST = 256 * 1024 * 1024
"""Bytes of a gzip file when unpacked."""


@evaluate.command()
def safety(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, also as .gz.")],
    text: Annotated[str, typer.Option(help="The column with the text.")],
    label: Annotated[str, typer.Option(help="The column with 1 for unsafe and 0 for safe.")],
    speed: Annotated[
        Speed,
        typer.Option(help="fast: for whole rosters. fine: for the chosen, and for drafts."),
    ] = Speed.FAST,
    as_json: AsJson = False,
) -> None:
    """Compare an engine, and beside it the word lists alone, with the labels of people."""
    texts, labels = _labelled(file, text, label)
    languages = [guess_language([each]) for each in texts]
    engine = ENGINES[speed]()
    begun = time.perf_counter()
    marks = _marks(engine, texts, languages)
    per_second = len(texts) / (time.perf_counter() - begun)
    found = agreement(labels, marks, engine.flag_from)
    lists = agreement(labels, _marks(LEXICON, texts, languages), LEXICON.flag_from)
    if as_json:
        print_json(
            {"engine": engine.name, "speed": speed, "flag_from": engine.flag_from,
             "texts_per_second": round(per_second), **found.model_dump(),
             "word_lists": lists.model_dump()}
        )  # fmt: skip
    else:
        _show(engine.name, found, lists, per_second)


@evaluate.command()
def fit(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, also as .gz.")],
    text: Annotated[str, typer.Option(help="The column with the post.")],
    label: Annotated[str, typer.Option(help="The column with the creator's category.")],
    creator: Annotated[
        str, typer.Option(help="The column that names the creator; without it each row is one.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Compare what posts are about, by the word lists, with the categories that people gave."""
    people = _creators(file, text, label, creator)
    begun = time.perf_counter()
    shares = [read_topics(each.posts).scores() for each in people]
    seconds = time.perf_counter() - begun
    labels = [each.category for each in people]
    parts: dict[str, Ranking | None] = {"all": ranking(labels, shares)}
    for name, few in (("one_or_two_posts", True), ("three_posts_and_more", False)):
        chosen = [at for at, each in enumerate(people) if (len(each.posts) < 3) is few]
        parts[name] = (
            ranking([labels[at] for at in chosen], [shares[at] for at in chosen])
            if any(labels[at] for at in chosen)
            else None
        )
    speed = sum(len(each.posts) for each in people) / seconds
    if as_json:
        found = {name: each.model_dump() if each else None for name, each in parts.items()}
        print_json({"texts_per_second": round(speed), **found})
    else:
        _show_fit(parts, speed)


OF_NONE = frozenset({"other", "others", "none", "misc"})
"""Labels of creators who belong to none of the categories."""


@dataclass
class _Creator:
    category: str
    posts: list[str] = field(default_factory=list)


def _creators(file: Path, text: str, label: str, creator: str) -> list[_Creator]:
    """The labelled creators with their posts, in the file's order."""
    table = read_table(unpacked(file))
    wanted = {"text": text, "label": label} | ({"creator": creator} if creator else {})
    columns = resolve(wanted, table.headers, {name: () for name in wanted})
    found: dict[str, _Creator] = {}
    for row, cell in labelled_rows(table, columns["label"]):
        category = category_of(cell)
        if not category and cell.casefold() not in OF_NONE:
            raise UserMistake(
                f"line {row.line}: '{cell[:40]}' in column '{label}' is not a category",
                hint=f"known are {', '.join(CATEGORIES)}, their usual other names, and 'other'",
            )
        name = columns["creator"].value(row.cells).strip() if creator else f"line {row.line}"
        one = found.setdefault(name, _Creator(category))
        if one.category != category:
            before = one.category or "other"
            raise UserMistake(
                f"line {row.line}: {name[:40]} is '{cell[:40]}' here and {before} before",
                hint="give each creator one category",
            )
        one.posts.append(columns["text"].value(row.cells))
    if not any(one.category for one in found.values()):
        raise UserMistake(f"{file} has no row with a category in '{label}'")
    return list(found.values())


def _show_fit(parts: dict[str, Ranking | None], speed: float) -> None:
    grid = Table("", *(name.replace("_", " ") for name in parts), title="fit")
    shown = list(parts.values())

    def add(title: str, value: Callable[[Ranking], float | None]) -> None:
        cells = [value(each) if each else None for each in shown]
        grid.add_row(title, *("-" if cell is None else f"{cell:.3f}" for cell in cells))

    grid.add_row("creators", *(str(each.labelled if each else 0) for each in shown))
    add("accuracy", lambda each: each.accuracy)
    add("among the first two", lambda each: each.top_two)
    add("mean AUC", lambda each: each.mean_auc)
    everything = parts["all"]
    for category in everything.auc if everything else ():
        add(f"AUC {category}", partial(_auc_of, category))
    out.print(grid)
    out.print(f"{speed:,.0f} texts per second")


def _auc_of(category: str, found: Ranking) -> float | None:
    return found.auc.get(category)


def _marks(engine: SafetyEngine, texts: Sequence[str], languages: Sequence[str]) -> list[float]:
    """The engine's marks; the texts of one language at once."""
    marks = [0.0] * len(texts)
    for language in dict.fromkeys(languages):
        places = [at for at, each in enumerate(languages) if each == language]
        found = engine.marks([texts[at] for at in places], language)
        for at, mark in zip(places, found, strict=True):
            marks[at] = mark
    return marks


def _labelled(file: Path, text: str, label: str) -> tuple[list[str], list[bool]]:
    table = read_table(unpacked(file))
    columns = resolve({"text": text, "label": label}, table.headers, {"text": (), "label": ()})
    texts, labels = [], []
    for row, cell in labelled_rows(table, columns["label"]):
        texts.append(columns["text"].value(row.cells))
        labels.append(yes_or_no(row, cell, label, ("unsafe", "safe")))
    if not texts:
        raise UserMistake(f"{file} has no row with a label in '{label}'")
    return texts, labels


def labelled_rows(table: FileTable, label: Source) -> Iterator[tuple[Row, str]]:
    """The rows in which somebody wrote a label, with it.

    Raises:
        UserMistake: a row cannot be read.
    """
    for row in table.rows:
        if row.fault:
            raise UserMistake(f"line {row.line}: {row.fault}")
        if cell := label.value(row.cells).strip():
            yield row, cell


def yes_or_no(row: Row, cell: str, column: str, means: tuple[str, str]) -> bool:
    """A label as true or false.

    Raises:
        UserMistake: it is neither; says what 1 and 0 mean.
    """
    read = read_label(cell)
    if read is None:
        raise UserMistake(
            f"line {row.line}: '{cell[:40]}' in column '{column}' is not a label",
            hint=f"write 1 or true for {means[0]}, 0 or false for {means[1]}",
        )
    return read


def unpacked(file: Path) -> bytes:
    """The file's content, unpacked if it is gzip.

    Raises:
        UserMistake: it cannot be read, or is damaged or too large.
    """
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


def _show(engine: str, found: Agreement, lists: Agreement, speed: float) -> None:
    grid = Table("", "engine", "word lists alone", title=engine)
    alone = lists.model_dump()
    for name, value in found.model_dump().items():
        grid.add_row(name.replace("_", " "), _figure(value), _figure(alone[name]))
    grid.add_row("texts per second", f"{speed:,.0f}", "")
    out.print(grid)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
