"""`troupe evaluate credibility`: the signs of bought figures beside the labels of people."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from domain.columns import Source, parse_map, resolve
from domain.credibility import WORTH_A_LOOK, Account, doubt, signs
from domain.errors import UserMistake
from domain.evaluation import Agreement, agreement, read_label
from domain.figures import is_blank, parse_count, parse_percent
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD
from domain.roster import FIELDS
from domain.tabular import Row, read_table
from local.cli_evaluate import evaluate, labelled_rows, unpacked, yes_or_no
from local.cli_support import AsJson, out, print_json

_FROM_ROSTERS = ("followers", "following", "posts_count", "platform", "category")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(FIELDS[name]) for name in _FROM_ROSTERS},
    "engagement": ("engagement rate", "er", "engagement in percent"),
    "picture": ("has picture", "has profile picture", "profile pic"),
    "label": ("fake", "is fake"),
}
"""What is read of each account, with the column names under which it is usually found."""


@evaluate.command("credibility")
def credibility(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, also as .gz.")],
    label: Annotated[str, typer.Option(help="The column with 1 for bought or fake, 0 for real.")],
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", help="Field and column, 'followers=Fans,platform==tiktok'."),
    ] = None,
    flag_from: Annotated[
        float, typer.Option(help="Doubt, 0 to 1, from which an account counts as flagged.")
    ] = WORTH_A_LOOK,
    as_json: AsJson = False,
) -> None:
    """Compare the signs on accounts with the labels of people."""
    accounts, labels = _labelled(file, {**parse_map(columns or []), "label": label})
    begun = time.perf_counter()
    found = [signs(each, DEFAULT_RATE_CARD) for each in accounts]
    seconds = time.perf_counter() - begun
    result = agreement(labels, [doubt(each) for each in found], flag_from)
    by_sign: dict[str, dict[str, int]] = {}
    for each, is_fake in zip(found, labels, strict=True):
        for sign in each:
            counted = by_sign.setdefault(sign.code, {"accounts": 0, "labelled": 0})
            counted["accounts"] += 1
            counted["labelled"] += is_fake
    if as_json:
        figures = result.model_dump()
        number = figures.pop("texts")
        speed = round(number / seconds)
        print_json(
            {"accounts_per_second": speed, "accounts": number, **figures, "signs": by_sign}
        )  # fmt: skip
    else:
        _show(result, by_sign, flag_from)


def _labelled(file: Path, mapping: dict[str, str]) -> tuple[list[Account], list[bool]]:
    table = read_table(unpacked(file))
    sources = resolve(mapping, table.headers, COLUMNS)
    if "followers" not in sources:
        raise UserMistake(
            f"{file} has no column with followers", hint="map it with --map followers=Column"
        )
    accounts, labels = [], []
    for row, cell in labelled_rows(table, sources["label"]):
        accounts.append(_account(row, sources))
        labels.append(yes_or_no(row, cell, mapping["label"], ("bought or fake", "real")))
    if not labels:
        raise UserMistake(f"{file} has no row with a label in '{mapping['label']}'")
    return accounts, labels


def _account(row: Row, sources: Mapping[str, Source]) -> Account:
    cells = {name: source.value(row.cells).strip() for name, source in sources.items()}
    try:
        counts = {
            name: None if is_blank(cells.get(name, "")) else parse_count(cells[name])
            for name in ("followers", "following", "posts_count")
        }
        rate = cells.get("engagement", "")
        percent = None if is_blank(rate) else parse_percent(rate)[0]
    except ValueError as error:
        raise UserMistake(f"line {row.line}: {error}") from None
    return Account(
        CreatorFacts(
            platform=cells.get("platform", "").casefold(),
            followers=counts["followers"] or 0,
            following=counts["following"],
            posts_count=counts["posts_count"],
            engagement_ppm=None if percent is None else int(percent * 10_000),
        ),
        category=cells.get("category", ""),
        has_picture=read_label(cells.get("picture", "")),
    )


def _show(found: Agreement, by_sign: dict[str, dict[str, int]], flag_from: float) -> None:
    grid = Table(title=f"signs, flagged from a doubt of {flag_from:g}", show_header=False)
    for name, value in found.model_dump().items():
        shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
        grid.add_row("accounts" if name == "texts" else name.replace("_", " "), shown)
    out.print(grid)
    signs_table = Table("sign", "accounts", "of them labelled")
    for code, counted in sorted(by_sign.items()):
        signs_table.add_row(
            code.replace("_", " "), str(counted["accounts"]), str(counted["labelled"])
        )
    out.print(signs_table)
