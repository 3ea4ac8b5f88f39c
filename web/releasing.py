"""Releasing several payments: each is a decision of its own, and each gets its own answer."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.decisions import DecisionKind
from domain.errors import NotFound
from store import batches
from store.batches import Recorded
from store.engine import session
from web.bringing import Messenger

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Decisions that are on their way to Temporal at the same time."""

_BATCH = re.compile(r"bat_[0-9a-f]{20}")

TURN_WORDS = {
    "1/1": "one person releases",
    "1/2": "the first of two releases",
    "2/2": "the second of two releases",
}

BECAME = {
    "released": ("good", "Released"),
    "second": ("accent", "Waits for a second person"),
    "submitted": ("warn", "Recorded, and being applied"),
    "held": ("warn", "Put on hold since"),
    "anew": ("warn", "Has to be released anew"),
    "refused": ("bad", "Not released"),
}
"""What became of a release: how it looks, and in words."""


@dataclass(frozen=True)
class Chosen:
    """One payment that a person has said yes to."""

    payout_id: str
    shown: str
    """Digest of what they were shown of it."""


def new_batch() -> str:
    """A name for what is released together."""
    return f"bat_{secrets.token_hex(10)}"


def is_batch(text: str) -> bool:
    """True if this may be the name of a batch."""
    return _BATCH.fullmatch(text) is not None


async def release_all(
    by: Messenger, staff_id: str, batch: str, chosen: Sequence[Chosen], *, by_itself: bool = False
) -> list[Recorded]:
    """Record every release, then bring each to its payment's workflow.

    Each row is committed by itself: what happens to one changes nothing about the others. A
    payment that is left out of the answer could not be recorded, and still waits. One that was
    looked at ``by_itself`` may be one that goes in no batch.

    Raises:
        NotAllowed: the batch is somebody else's.
    """
    recorded = [
        row for one in chosen if (row := await _record(by, staff_id, batch, one, by_itself))
    ]
    turn = asyncio.Semaphore(AT_ONCE)

    async def bring(row: Recorded) -> Recorded:
        if row.status != "submitted":
            return row
        async with turn:
            told = await by.bring(
                DecisionKind.RELEASE_PAYOUT, row.payout_id, row.decision_id, row.seen
            )
        return replace(row, status=told.status, code=told.code)

    return list(await asyncio.gather(*(bring(row) for row in recorded)))


async def _record(
    by: Messenger, staff_id: str, batch: str, one: Chosen, by_itself: bool
) -> Recorded | None:
    try:
        async with session(by.engine) as db:
            return await batches.record(
                db, batch, staff_id, one.payout_id, one.shown, by.clock(), by_itself=by_itself
            )
    except (DBAPIError, PoolTimeout, OSError, NotFound) as error:
        log.warning("release not recorded: %s", type(error).__name__)
        return None
