"""Whatever is open is carried on by a workflow: what may be wrong with that one."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Standstill(StrEnum):
    """Why nobody carries something on."""

    NOT_THERE = "not_there"  # Temporal has no such workflow: never begun, or forgotten by now
    FAILING = "failing"  # the workflow's next task fails again and again
    PAUSED = "paused"  # a person paused the workflow in Temporal
    TERMINATED = "terminated"  # a person ended it in Temporal
    CANCELED = "canceled"  # the same, and it stopped by itself
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    COMPLETED = "completed"  # it came to its end, and our books do not say so


HOLDS_ON = frozenset({Standstill.FAILING, Standstill.PAUSED})
"""The workflow is there: what is decided meanwhile waits, and is done when it goes on."""

FAILS_OFTEN = 10
"""Tries of one task after which nobody expects the next one to succeed: minutes, by Temporal."""

YOUNG = timedelta(minutes=10)
"""A row is written before its workflow is started; so long that may take."""
