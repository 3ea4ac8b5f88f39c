"""How a creator's followers came and went between two looks, and whether anybody came with them.

Bought followers arrive in days, and do not engage: the number jumps, what a post brings does not. A
post that goes round brings both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

JUMP = 1.4
"""So many times as many followers are a jump, if they came `WITHIN`. Chosen by hand: micro accounts
grow by a few percent a month."""

FALL = 0.75
"""Such a part left `WITHIN` is a fall: platforms remove bought followers in bulk."""

LEAST = 500
"""Fewer followers than this came or went: a small account grows by half through one friend."""

WITHIN = timedelta(days=60)
"""Further apart, two figures say nothing about how fast it went."""

KEPT_PACE = 0.5
"""Engagements that grew by at least this part of what the followers did came with them."""


@dataclass(frozen=True)
class Figures:
    """What a list said of an account on one day."""

    seen_on: date
    followers: int
    engagement_ppm: int | None = None

    @property
    def engagements(self) -> int | None:
        """Engagements a post; None if not known."""
        if self.engagement_ppm is None:
            return None
        return self.followers * self.engagement_ppm // 1_000_000


@dataclass(frozen=True)
class Change:
    """From one day to another, much more or much fewer followers."""

    before: Figures
    after: Figures

    @property
    def times(self) -> float:
        """How many times as many followers there were afterwards."""
        return self.after.followers / max(1, self.before.followers)

    @property
    def is_fall(self) -> bool:
        """True if they went."""
        return self.after.followers < self.before.followers

    @property
    def engaged(self) -> bool | None:
        """Whether engagement grew with them; None if it is not known."""
        before, after = self.before.engagements, self.after.engagements
        if not before or after is None:
            return None
        return after / before - 1 >= KEPT_PACE * (self.times - 1)

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        days = (self.after.seen_on - self.before.seen_on).days
        moved = (
            f"From {self.before.followers:,} to {self.after.followers:,} followers in {days} "
            f"{'day' if days == 1 else 'days'}"
        )
        if self.is_fall:
            return f"{moved}: platforms remove bought followers in bulk."
        if self.engaged is None:
            return f"{moved}, and what a post brings is not known from before and after."
        return (
            f"{moved}, and engagements a post went from {self.before.engagements:,} to "
            f"{self.after.engagements:,}: those who came do not engage."
        )


def changes(history: Sequence[Figures]) -> Iterator[Change]:
    """Jumps that engagement did not follow, and falls, between neighbouring days.

    Args:
        history: In any order; at least two days are needed.
    """
    for before, after in pairwise(sorted(history, key=lambda each: each.seen_on)):
        apart = after.seen_on - before.seen_on
        moved = abs(after.followers - before.followers)
        if not timedelta(0) < apart <= WITHIN or moved < LEAST:
            continue
        found = Change(before, after)
        if found.times <= FALL or (found.times >= JUMP and not found.engaged):
            yield found
