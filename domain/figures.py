"""Figures as people and tools write them: ``1.2K``, ``12,345``, ``477.9M``, ``3,5 %``.

An explicit grammar on purpose: Python's own parsers take ``1_000``, ``1e400``, ``nan`` and
full-width digits.
"""

from __future__ import annotations

import re
from decimal import Decimal

MAX_COUNT = 10**11
"""More than there are people, times ten; anything above is a typing error."""

BLANKS = frozenset({"", "-", "–", "—", "n/a", "#n/a", "null", "none", "nan", "?"})
"""What tools write where they know nothing."""

_SUFFIX = {
    "": 1,
    "k": 10**3,
    "tsd": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "mio": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "mrd": 10**9,
}
_COUNT = re.compile(
    r"(?P<number>[0-9][0-9.,'’ \u00a0\u202f]*)(?P<suffix>[a-z]{0,3})\.?\+?", re.IGNORECASE
)
_GROUPED = re.compile(r"[0-9]{1,3}(?:(?P<mark>[.,'’ \u00a0\u202f])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
_DECIMAL = re.compile(r"([0-9]+)[.,]([0-9]{1,9})")
_BOTH = re.compile(
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,6})|(?:[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,6})"
)


def is_blank(text: str) -> bool:
    """True where the cell says nothing."""
    return text.strip().lower() in BLANKS


def parse_count(text: str) -> int:
    """Read a number of people, posts or likes.

    ``1,234`` and ``1.234`` are one thousand; with a suffix, ``1.234K`` is 1,234.

    Raises:
        ValueError: not a count, with what would be right.
    """
    shown = text.strip()
    if shown.startswith("-"):
        raise ValueError(f"'{_short(shown)}' is negative")
    match = _COUNT.fullmatch(shown)
    suffix = match["suffix"].lower() if match else ""
    if not match or suffix not in _SUFFIX:
        raise ValueError(f"'{_short(shown)}' is not a number; write it like 12345, 12,345 or 12.3K")
    number = _number(match["number"].strip(), grouped_dots=not suffix)
    if number is None:
        raise ValueError(f"'{_short(shown)}' is not a number; write it like 12345, 12,345 or 12.3K")
    value = number * _SUFFIX[suffix]
    if value != int(value):
        if not suffix:
            raise ValueError(f"'{_short(shown)}' is not a whole number")
        value = Decimal(round(value))
    if value > MAX_COUNT:
        raise ValueError(f"'{_short(shown)}' is more than there can be")
    return int(value)


def parse_percent(text: str) -> tuple[Decimal, bool]:
    """Read a rate: the number, and whether a percent sign stood beside it.

    Raises:
        ValueError: not a rate.
    """
    shown = text.strip()
    sign = shown.endswith("%")
    number = _number(shown.rstrip("%").strip(" \u00a0\u202f"), grouped_dots=False)
    if number is None:
        raise ValueError(f"'{_short(shown)}' is not a rate; write it like 2.5 %")
    return number, sign


def _number(text: str, grouped_dots: bool) -> Decimal | None:
    if len(text) > 24:
        return None
    grouped = _GROUPED.fullmatch(text)
    if grouped and (grouped_dots or grouped["mark"] != "."):
        return Decimal(re.sub(r"[^0-9]", "", text))
    if re.fullmatch(r"[0-9]+", text):
        return Decimal(text)
    if simple := _DECIMAL.fullmatch(text):
        return Decimal(f"{simple[1]}.{simple[2]}")
    if _BOTH.fullmatch(text):
        mark = max(text.rfind("."), text.rfind(","))
        return Decimal(re.sub(r"[.,]", "", text[:mark]) + "." + text[mark + 1 :])
    return None


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"
