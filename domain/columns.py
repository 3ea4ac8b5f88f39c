"""Which column means what: the user's ``--map``, and usual names for what the map leaves open.

    handle=Username            the column called Username
    platform==instagram        the same value in every row
    handle=ig-{S.no}           made from columns: here for lists without handles
    email=                     not imported, whatever the columns are called

Entries are separated by commas; a name with a comma stands in double quotes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.errors import UserMistake

_ENTRY = re.compile(r'\s*((?:"(?:[^"]|"")*"|[^,"])*)(?:,|$)')
_SLOT = re.compile(r"\{([^{}]+)\}")


class MapMistake(UserMistake):
    """The column map cannot be used with this file."""

    code = "bad_map"


@dataclass(frozen=True)
class Source:
    """Where a field's value comes from: pieces of fixed text and columns, in order."""

    pieces: tuple[tuple[bool, str], ...]
    """``(True, column)`` or ``(False, text)``."""

    @property
    def column(self) -> str | None:
        """The column, if the value is just that."""
        return self.pieces[0][1] if len(self.pieces) == 1 and self.pieces[0][0] else None

    def value(self, cells: Mapping[str, str]) -> str:
        """The field's text in a row; empty if a column that it is made from is empty."""
        parts: list[str] = []
        for is_column, text in self.pieces:
            if not is_column:
                parts.append(text)
            elif part := cells.get(text, ""):
                parts.append(part)
            else:
                return ""
        return "".join(parts)

    def __str__(self) -> str:
        if self.column is not None:
            return self.column
        if len(self.pieces) == 1:
            return f"={self.pieces[0][1]}"
        return "".join(f"{{{text}}}" if is_column else text for is_column, text in self.pieces)


def parse_map(entries: str | Sequence[str]) -> dict[str, str]:
    """Read one or several ``--map`` options into field and expression.

    Raises:
        MapMistake: not of the form ``field=Column``, or a field twice.
    """
    result: dict[str, str] = {}
    for text in [entries] if isinstance(entries, str) else entries:
        for entry in _split(text):
            name, separator, expression = entry.partition("=")
            name = name.strip().lower()
            if not separator or not name:
                raise MapMistake(
                    f"'{entry}' is not a mapping", hint="write field=Column, like handle=Username"
                )
            if name in result:
                raise MapMistake(f"'{name}' is mapped twice", hint="keep one of them")
            result[name] = expression.strip()
    return result


def _split(text: str) -> list[str]:
    entries: list[str] = []
    position = 0
    while position < len(text):
        match = _ENTRY.match(text, position)
        if not match:
            raise MapMistake(
                "a double quote in the map is not closed", hint='write handle="Name, first"'
            )
        if match[1].strip():
            entries.append(match[1].strip())
        position = match.end()
    return entries


def resolve(
    mapping: Mapping[str, str], headers: Sequence[str], fields: Mapping[str, Sequence[str]]
) -> dict[str, Source]:
    """A source for each field: as mapped, else the first column with a usual name.

    Args:
        mapping: field and expression, from `parse_map`.
        headers: the file's columns.
        fields: every field with the names that usually stand above it, in order of preference.

    Raises:
        MapMistake: an unknown field or column.
    """
    result: dict[str, Source] = {}
    for name, expression in mapping.items():
        if name not in fields:
            close = difflib.get_close_matches(name, list(fields), 1, 0.6)
            meant = f"did you mean '{close[0]}'? " if close else ""
            raise MapMistake(f"'{name}' is not a field", hint=f"{meant}fields: {', '.join(fields)}")
        if expression:
            result[name] = _source(expression, headers)
    taken = {text for source in result.values() for is_column, text in source.pieces if is_column}
    by_name = {_plain(header): header for header in reversed(headers) if _plain(header)}
    for name, usual in fields.items():
        if name in mapping:
            continue
        for candidate in (name, *usual):
            header = by_name.get(_plain(candidate))
            if header and header not in taken:
                result[name] = Source(((True, header),))
                taken.add(header)
                break
    return result


def _source(expression: str, headers: Sequence[str]) -> Source:
    if expression.startswith("="):
        return Source(((False, _unquoted(expression[1:].strip())),))
    wanted = _unquoted(expression)
    if (column := _find(wanted, headers)) is not None:
        return Source(((True, column),))
    if not _SLOT.search(wanted):
        raise _no_column(wanted, headers)
    pieces: list[tuple[bool, str]] = []
    position = 0
    for slot in _SLOT.finditer(wanted):
        if slot.start() > position:
            pieces.append((False, wanted[position : slot.start()]))
        column = _find(slot[1].strip(), headers)
        if column is None:
            raise _no_column(slot[1], headers)
        pieces.append((True, column))
        position = slot.end()
    if position < len(wanted):
        pieces.append((False, wanted[position:]))
    return Source(tuple(pieces))


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return text


def _find(name: str, headers: Sequence[str]) -> str | None:
    if name in headers:
        return name
    return next((header for header in headers if header.casefold() == name.casefold()), None)


def _no_column(name: str, headers: Sequence[str]) -> MapMistake:
    close = difflib.get_close_matches(name, list(headers), 1, 0.5)
    meant = f"did you mean '{close[0]}'? " if close else ""
    constant = f" (for a fixed value write =={name})"
    return MapMistake(
        f"the file has no column '{name}'",
        hint=f"{meant}columns: {', '.join(h for h in headers if h)}{constant}",
    )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
