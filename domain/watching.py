"""When a published post is looked at, and when looking is over: a pure rule.

A watch is a list of moments. The post is looked at when each has come; a look that could not be
made is made again after a while; the first look that finds something ends the watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.lifecycle import CheckState

UNKNOWN_LOOKS = 3
"""Looks that could not be made, in a row, after which the next such look ends the watch."""

EARLY = timedelta(seconds=1)
"""A look may come so much early: the clocks of two machines never agree."""


@dataclass(frozen=True)
class Look:
    """What one look found, and when."""

    state: CheckState
    at: datetime


@dataclass(frozen=True)
class Watched:
    """Where a watch stands."""

    passed: int
    """Moments at which the post was as agreed."""
    due: datetime | None
    """When to look next; None: the watch is over."""


def watched(
    moments: Sequence[datetime],
    looks: Sequence[Look],
    again_after: timedelta,
    *,
    patient: bool = True,
) -> Watched:
    """Say where a watch stands after some looks.

    Args:
        moments: When the post is to be looked at, in order.
        looks: All looks of this watch, in order.
        again_after: When a look that could not be made is made again.
        patient: False if it is not.
    """
    bears = UNKNOWN_LOOKS if patient else 0
    passed = unknown = 0
    for look in looks:
        if look.state is CheckState.OK:
            passed, unknown = passed + 1, 0
        elif look.state is CheckState.UNKNOWN and unknown < bears:
            unknown += 1
        else:
            return Watched(passed, None)
    if passed >= len(moments):
        return Watched(passed, None)
    return Watched(passed, looks[-1].at + again_after if unknown else moments[passed])
