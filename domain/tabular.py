"""Files of rows, CSV or JSON lines, from anybody's spreadsheet: decoded, split, with line numbers.

A file whose structure cannot be trusted is refused as a whole, with the line; a row that is odd in
itself is handed on with its fault, for the quarantine.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from domain.errors import UserMistake

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 10_000
"""Characters in one cell; the longest caption of any platform has 5,000."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FOREIGN = (
    (b"PK\x03\x04", "an Excel or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
)
_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
"""What makes a spreadsheet read a cell as a formula (OWASP ASVS 1.2.10)."""
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class UnreadableFile(UserMistake):
    """The file cannot be taken apart; nothing of it was imported."""

    code = "unreadable_file"

    def __init__(self, message: str, *, line: int | None = None, hint: str = "") -> None:
        super().__init__(f"line {line}: {message}" if line else message, hint=hint)
        self.line = line


@dataclass(frozen=True)
class Row:
    """One row: where it began, its cells by header, and what is wrong with its form."""

    line: int
    cells: dict[str, str]
    raw: tuple[str, ...]
    fault: str = ""


@dataclass
class Table:
    """A file taken apart."""

    headers: list[str]
    rows: list[Row]
    encoding: str
    form: str
    """``CSV, semicolon`` or ``JSON lines``."""
    notes: list[str] = field(default_factory=list)


def read_table(data: bytes, encoding: str | None = None) -> Table:
    """Take a file apart.

    Raises:
        UnreadableFile: too large, not text, duplicate headers, an unclosed quote…
    """
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            f"the file has {len(data):,} bytes, {MAX_BYTES:,} at most", hint="split it"
        )
    text, used = decode(data, encoding)
    if not text.strip():
        raise UnreadableFile("the file is empty")
    start = text.lstrip()[0]
    table = _read_json(text, used) if start in "{[" else _read_csv(text, used)
    if used == "cp1252":
        table.notes.append("not UTF-8, read as Windows-1252: check names with accents")
    return table


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Bytes as text, with the encoding used: a byte order mark, else UTF-8, else Windows-1252.

    Raises:
        UnreadableFile: not a text file, or not in the named encoding.
    """
    for magic, name in _FOREIGN:
        if data.startswith(magic):
            raise UnreadableFile(
                f"this is {name}, not a text file", hint="save it as CSV (UTF-8) and try again"
            )
    try:
        if encoding:
            return data.decode(encoding).removeprefix("\ufeff"), encoding
        for mark, name in _BOMS:
            if data.startswith(mark):
                return data.decode(name).removeprefix("\ufeff"), name
        if wide := _wide(data):
            return data.decode(wide), wide
    except LookupError:
        raise UnreadableFile(f"'{encoding}' is not an encoding", hint="try utf-8") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnreadableFile(f"this is not {error.encoding} text", line=line) from None
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        try:
            return data.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            return data.decode("latin-1"), "latin-1"


def _wide(data: bytes) -> str:
    """UTF-16 without a mark shows as every other byte being zero."""
    sample = data[:2_000]
    if len(sample) < 4 or len(data) % 2:
        return ""
    if sample[1::2].count(0) > 0.4 * len(sample[1::2]) and sample[0::2].count(0) == 0:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * len(sample[0::2]) and sample[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


def _read_csv(text: str, encoding: str) -> Table:
    first = text.lstrip("\r\n ").splitlines()[0]
    bare = re.sub(r'"[^"]*"', "", first)
    delimiter = max(_NAMES, key=bare.count) if any(mark in bare for mark in _NAMES) else ","
    records = _records(text, delimiter)
    line, header = next(records)
    headers = [cell.strip() for cell in header]
    while headers and not headers[-1]:
        headers.pop()
    _check_headers(headers, line)
    rows: list[Row] = []
    for line, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) >= MAX_ROWS:
            raise UnreadableFile(
                f"more than {MAX_ROWS:,} rows", line=line, hint="split the file in parts"
            )
        rows.append(_row(line, cells, headers))
    return Table(headers, rows, encoding, f"CSV, {_NAMES[delimiter]}")


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line in which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line, started = 1, False
    while True:
        try:
            record = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise _csv_fault(str(error), line, reader.line_num) from None
        if record or started:
            if any(cell.strip() for cell in record) or started:
                started = True
                yield line, record
        line = reader.line_num + 1
    if not started:
        raise UnreadableFile("the file is empty")


def _csv_fault(problem: str, begun: int, reached: int) -> UnreadableFile:
    if "field larger" in problem:
        return UnreadableFile(
            "a cell is longer than any text can be",
            line=begun,
            hint='a quote (") that is never closed swallows the lines after it',
        )
    if "unexpected end" in problem:
        return UnreadableFile(
            'a quote (") is opened here and never closed',
            line=begun,
            hint='close it, or write a quote inside a text twice: ""',
        )
    upto = f" and goes wrong by line {reached}" if reached > begun else ""
    return UnreadableFile(
        f'a quote (") is not closed properly: the row begins here{upto}',
        line=begun,
        hint='write a quote inside a text twice: ""',
    )


def _check_headers(headers: list[str], line: int) -> None:
    if len(headers) > MAX_COLUMNS:
        raise UnreadableFile(f"{len(headers)} columns, {MAX_COLUMNS} at most", line=line)
    seen: dict[str, int] = {}
    for number, header in enumerate(headers, 1):
        if not header:
            continue
        if _CONTROL.search(header):
            raise UnreadableFile(f"the name of column {number} has a control character", line=line)
        if header.casefold() in seen:
            raise UnreadableFile(
                f"two columns are called '{header}': {seen[header.casefold()]} and {number}",
                line=line,
                hint="rename one, so that none is read by chance",
            )
        seen[header.casefold()] = number


def _row(line: int, cells: list[str], headers: list[str]) -> Row:
    extra = [cell for cell in cells[len(headers) :] if cell.strip()]
    fault = ""
    if extra:
        fault = f"{len(cells)} cells, but the header has {len(headers)} columns"
    elif any(len(cell) > MAX_CELL for cell in cells):
        fault = f"a cell has more than {MAX_CELL:,} characters"
    padded = [*cells[: len(headers)], *[""] * (len(headers) - len(cells))]
    named = {
        header: plain(cell).strip() for header, cell in zip(headers, padded, strict=True) if header
    }
    return Row(line, named, tuple(cells), fault)


def plain(cell: str) -> str:
    """A cell without the apostrophe that protects it from being read as a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _TRIGGERS and cell[1:2] else cell


def _read_json(text: str, encoding: str) -> Table:
    if text.lstrip().startswith("["):
        raise UnreadableFile(
            "this is a JSON list", hint="write JSON lines: one object {…} per line, no commas"
        )
    headers: dict[str, None] = {}
    rows: list[Row] = []
    for line, written in enumerate(text.split("\n"), 1):
        if not written.strip():
            continue
        if len(rows) >= MAX_ROWS:
            raise UnreadableFile(f"more than {MAX_ROWS:,} rows", line=line, hint="split the file")
        try:
            cells = {key.strip(): _cell(value) for key, value in _object(written).items()}
        except (ValueError, RecursionError) as error:
            said = str(error) if type(error) is ValueError else "not valid JSON"
            rows.append(Row(line, {}, (written.strip()[:MAX_CELL],), said))
            continue
        headers.update(dict.fromkeys(cells))
        too_long = any(len(cell) > MAX_CELL for cell in cells.values())
        fault = f"a value has more than {MAX_CELL:,} characters" if too_long else ""
        rows.append(Row(line, cells, (written.strip()[:MAX_CELL],), fault))
    if len(headers) > MAX_COLUMNS:
        raise UnreadableFile(f"{len(headers)} different keys, {MAX_COLUMNS} at most")
    return Table(list(headers), rows, encoding, "JSON lines")


def _object(written: str) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a key stands in the object twice")
        return result

    def no_constant(name: str) -> Any:
        raise ValueError(f"{name} is not a figure")

    value = json.loads(
        written, object_pairs_hook=once, parse_constant=no_constant, parse_int=str, parse_float=str
    )
    if not isinstance(value, dict):
        raise ValueError("not an object: write {…} on each line")
    return value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n".join(each.strip() for each in value)
    raise ValueError("a value is an object or a list of other than texts; write plain values")


def control_character(text: str) -> str:
    """The first character that no name or caption may carry, as ``U+0000``; empty if none."""
    found = _CONTROL.search(text)
    return f"U+{ord(found[0]):04X}" if found else ""


def without_controls(text: str) -> str:
    """A text without control characters; line breaks and tabs stay."""
    return _CONTROL.sub("", text)


@dataclass(frozen=True)
class Quarantined:
    """A row that was not imported, and why."""

    line: int
    reason: str
    raw: tuple[str, ...]


def quarantine_csv(table: Table, rows: list[Quarantined]) -> bytes:
    """The rows that were left out, as CSV for a spreadsheet: line, reason, original cells.

    No cell can be read as a formula; after mending, the file can be imported as it is.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    headers = table.headers if table.form.startswith("CSV") else ["row"]
    writer.writerow(["line", "reason", *map(_protected, headers)])
    for row in rows:
        writer.writerow([row.line, _protected(row.reason), *map(_protected, row.raw)])
    return out.getvalue().encode("utf-8-sig", "replace")


def _protected(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_TRIGGERS) else cell
