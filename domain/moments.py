"""Moments as people write them: a day, or a time with its zone."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.errors import UserMistake

_DAY = len("2026-05-31")


def read_moment(text: str, name: str, *, end: bool) -> datetime:
    """Read a day or a time; a time without a zone is UTC.

    Args:
        text: like ``2026-05-31`` or ``2026-05-31T18:00+02:00``.
        name: what the person calls it, for the message.
        end: a day means its last moment; otherwise its first.

    Raises:
        UserMistake: it is neither a day nor a time.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserMistake(
            f"{name}: '{text[:40]}' is neither a day nor a time",
            hint="write 2026-05-31, or 2026-05-31T18:00+02:00",
        ) from None
    if end and len(text.strip()) == _DAY:
        read = read.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
