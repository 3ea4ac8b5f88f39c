"""Who let money move, and why, below a statement at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from domain.ledger_causes import Cause
from domain.messages import PostingKind
from local.cli_support import out


def show_causes(lines: Sequence[tuple[datetime, PostingKind, str, Cause]]) -> None:
    """Print who let each of these movements happen; nothing of those that nobody had to.

    Args:
        lines: moment, kind, what it is about, and cause.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("when (UTC)", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("by")
    table.add_column("because")
    table.add_column("about", no_wrap=True)
    for at, kind, about, cause in lines:
        if cause.by:
            table.add_row(
                f"{at.astimezone(UTC):%Y-%m-%d %H:%M}", kind.value,
                escape(", ".join(cause.by)), escape(cause.because), about,
            )  # fmt: skip
    if table.row_count:
        out.print("Who let it move")
        out.print(table)
