"""The version of Stripe's API that this code was written for, and how others stand to it."""

from __future__ import annotations

API_VERSION = "2026-10-28.endive"
"""Sent with every call (stripe 16.1): the state is read in it, whatever version events have."""

_DAY = len("2026-10-28")


def is_newer(version: str) -> bool:
    """True for a version of which this code cannot know anything yet.

    Versions are named after their day (docs.stripe.com/api/versioning).
    """
    return version[:_DAY] > API_VERSION[:_DAY]
