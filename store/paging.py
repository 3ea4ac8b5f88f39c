"""Pages of a list by key: where the next page begins is said by the last row, never by a count."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 50
"""Rows on one page of a list."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the mark after which the next ones begin; empty if there are no more."""

    rows: tuple[T, ...]
    after: str = ""


def page_of(
    rows: Sequence[T], key: Callable[[T], Sequence[str | int]], size: int = PAGE
) -> Page[T]:
    """Make a page of up to ``size + 1`` rows read; the extra one only says that there are more."""
    shown = tuple(rows[:size])
    return Page(shown, mark(*key(shown[-1])) if len(rows) > size else "")


def mark(*parts: str | int) -> str:
    """Write a position into an address."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_mark(text: str, *types: type) -> tuple[str | int, ...] | None:
    """Read a position out of an address; None if it is empty or was not made by us."""
    if not text or len(text) > 400:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(types):
        return None
    return tuple(parts)
