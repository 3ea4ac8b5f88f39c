"""Durations as people write them: ``20 seconds``, ``36 hours``, ``3 days``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_UNITS = {
    "s": 1, "sec": 1, "second": 1, "seconds": 1,
    "min": 60, "minute": 60, "minutes": 60, "m": 60,
    "h": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "week": 604800, "weeks": 604800,
}  # fmt: skip
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*,?", re.IGNORECASE)


def parse_duration(value: Any) -> timedelta:
    """Read ``2 days`` or ``1 h 30 min``.

    Raises:
        ValueError: no such duration, with an example of one.
    """
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    position, seconds = 0, 0.0
    while position < len(text):
        match = _PART.match(text, position)
        if not match or match[2].lower() not in _UNITS:
            raise ValueError(f"'{text}' is not a duration; write it like '3 days' or '90 seconds'")
        seconds += float(match[1]) * _UNITS[match[2].lower()]
        position = match.end()
    if not text:
        raise ValueError("empty duration; write it like '3 days' or '90 seconds'")
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"'{text[:40]}' is longer than anything can last") from error


def say_duration(value: timedelta) -> str:
    """A duration as people write it, exact, in the fewest words: ``36 hours``, ``7 days``."""
    seconds = int(value.total_seconds())
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds and seconds % size == 0:
            number = seconds // size
            return f"{number} {word}{'' if number == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _from_people(value: Any) -> Any:
    # ISO 8601 ("P3D") and plain seconds are how pydantic itself writes durations in histories.
    if isinstance(value, str) and not value.startswith(("P", "-P")):
        return parse_duration(value)
    return value


Duration = Annotated[timedelta, BeforeValidator(_from_people)]
"""A length of time, written by people as ``3 days`` and by machines as ISO 8601."""
