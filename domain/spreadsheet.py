"""Rows for spreadsheets: text stays text, amounts keep their digits, nothing is a formula.

Names and handles come from outside. A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``
or ``@`` for a formula, which can read other cells and send them away; so such text gets an
apostrophe before it (owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.money import Money, exponent

BOM = "\ufeff"
"""At the beginning of a file: without it, spreadsheets take UTF-8 for another encoding."""

Cell = str | int | Money | date | datetime | None
"""Times become their day in UTC; amounts are written without their currency."""

_RISKY = re.compile(r"[=+\-@\uff1d\uff0b\uff0d\uff20\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Where a cell begins, also for a program that takes the other separator for the right one; blanks,
# quotes and characters without width do not count.
_BEGINS = re.compile(r'(^|[,;|])(?=[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])')


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula; tabs and line breaks become blanks."""
    if not _RISKY.search(text):
        return text
    return _BEGINS.sub(r"\1'", _CONTROL.sub(" ", text))


def decimals(amount: Money) -> str:
    """An amount as a plain number with the digits of its currency: ``1250.50``, ``1250``."""
    digits = exponent(amount.currency)
    return f"{Decimal(amount.minor).scaleb(-digits):.{digits}f}"


@dataclass(frozen=True)
class Sheet:
    """How rows are written."""

    semicolons: bool = False
    """True for countries that write 1,50: semicolons between cells, commas in amounts."""

    def row(self, cells: Iterable[Cell]) -> str:
        """One row with its line end."""
        written = io.StringIO()
        separator = ";" if self.semicolons else ","
        writer = csv.writer(written, delimiter=separator, lineterminator="\r\n")
        writer.writerow([self._text(cell) for cell in cells])
        return written.getvalue()

    def _text(self, cell: Cell) -> str:
        if isinstance(cell, str):
            return defused(cell)
        if isinstance(cell, Money):
            number = decimals(cell)
            return number.replace(".", ",") if self.semicolons else number
        if isinstance(cell, datetime):
            return cell.astimezone(UTC).date().isoformat()
        if isinstance(cell, date):
            return cell.isoformat()
        return "" if cell is None else str(cell)
