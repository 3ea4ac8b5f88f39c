"""Ids as the platforms make them, and figures that grow: both the same each time."""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

_INSTAGRAM_EPOCH_MS = 1_314_220_021_721
PLATFORMS = ("instagram", "tiktok", "youtube")


def _hash(*parts: str) -> bytes:
    return hashlib.sha256("\x1f".join(parts).encode()).digest()


def account_id(platform: str, handle: str) -> str:
    """An id of the platform's shape for an account."""
    digest = _hash(platform, handle)
    if platform == "youtube":
        return "UC" + base64.urlsafe_b64encode(digest)[:22].decode()
    return "17841" + str(int.from_bytes(digest[:6], "big") % 10**12).zfill(12)


def post_id(platform: str, number: int, made: datetime) -> str:
    """An id of the platform's shape for its ``number``-th post; it carries its time as theirs."""
    if platform == "youtube":
        return base64.urlsafe_b64encode(_hash("video", str(number)))[:11].decode()
    if platform == "tiktok":
        return str((int(made.timestamp()) << 32) | number)
    milliseconds = int(made.timestamp() * 1000) - _INSTAGRAM_EPOCH_MS
    value = (milliseconds << 23) | (number % 2**23)
    return base64.urlsafe_b64encode(value.to_bytes(9, "big")).decode()[1:]


@dataclass(frozen=True)
class Figures:
    """The numbers under a post."""

    likes: int
    comments: int
    views: int


def figures(key: str, followers: int, age_seconds: float, day_seconds: float) -> Figures:
    """What a post has gathered: most of it in the first two days, then ever less.

    Args:
        key: the post's id; another post of the same account does better or worse.
        followers: of the account; smaller accounts reach a larger part of them.
        age_seconds: since it was published.
        day_seconds: how long a day of the figures lasts, so that a demonstration sees them grow.
    """
    luck = int.from_bytes(_hash("luck", key)[:4], "big") / 2**32
    days = max(age_seconds, 0.0) / day_seconds
    grown = 1 - math.exp(-days / 1.2)
    reach_share = min(0.9, 6.0 / math.sqrt(max(followers, 25))) + 0.15
    views = followers * reach_share * (0.6 + 0.9 * luck) * grown
    likes = views * (0.06 + 0.08 * luck)
    comments = likes * (0.03 + 0.05 * (1 - luck))
    return Figures(int(likes), int(comments), int(views))
