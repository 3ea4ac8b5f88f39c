"""Signs that an account's figures may not be what they seem: for a person, never a verdict.

Each sign has a sentence and a weight. The weights are chosen by hand and only order accounts, so
that `troupe evaluate credibility` can compare them with labels; nobody is left out by them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.categories import category_of
from domain.comments import Counts
from domain.growth import Figures, changes
from domain.quote import CreatorFacts
from domain.rate_card import RateCard

FEW_FOLLOWERS_PER_FOLLOWED = 1.25
"""Micro accounts with less are in the lowest twentieth (measured on 22,000 accounts, 2012-2019)."""

SPREAD = 0.93
"""Standard deviation of the logarithm of engagement among accounts of one size: from the first and
ninth decile (0.90 and 9.8 %) of Instagram accounts of 5,000 to 10,000 followers, same source."""

USUAL_FOR_CATEGORY = {
    "fashion": 1.20, "travel": 1.16, "pets": 1.14, "parenting": 1.07, "fitness": 1.04,
    "beauty": 0.87, "home": 0.85, "food": 0.80,
}  # fmt: skip
"""Median engagement of a category's micro accounts as a part of that of all, same source."""

UNUSUAL_PERCENT = 3
"""Engagement among so many percent at either end is pointed out."""

WORTH_A_LOOK = 0.7
"""Weight of all signs together from which an account counts as flagged when it is evaluated."""


@dataclass(frozen=True)
class Account:
    """An account's figures, and what may be known beside them."""

    facts: CreatorFacts
    category: str = ""
    """As the roster writes it."""
    has_picture: bool | None = None
    """None if nobody looked."""
    history: Sequence[Figures] = ()
    """Figures of different days; fewer than two say nothing."""
    comments: Counts | None = None
    """None if there were none to read."""


@dataclass(frozen=True)
class Sign:
    """One thing that a person should know."""

    code: str
    weight: float
    """0 to 1: how much it adds to the doubt."""
    sentence: str


def signs(account: Account, card: RateCard) -> tuple[Sign, ...]:
    """Everything that is unusual about an account."""
    return (
        *_followed(account), *_mass_following(account), *_posts(account),
        *_engagement(account, card), *_growth(account), *_comments(account), *_profile(account),
    )  # fmt: skip


def doubt(found: Sequence[Sign]) -> float:
    """All signs together, 0 to 1: each takes its part of what the others left."""
    return 1 - math.prod(1 - sign.weight for sign in found)


def engagement_percentile(account: Account, card: RateCard) -> float | None:
    """Of a hundred accounts of this platform, size and category, how many have less engagement.

    Engagement is spread like a bell on a logarithmic scale around what is typical. None if it is
    not known.
    """
    facts = account.facts
    if facts.engagement_ppm is None:
        return None
    if not facts.engagement_ppm:
        return 0.0
    distance = math.log(facts.engagement_ppm / 10_000 / _typical(account, card)) / SPREAD
    return 50 * (1 + math.erf(distance / math.sqrt(2)))


def _typical(account: Account, card: RateCard) -> float:
    size = card.benchmark_percent(account.facts.platform, account.facts.followers)
    return size * USUAL_FOR_CATEGORY.get(category_of(account.category), 1.0)


def _followed(account: Account) -> Iterator[Sign]:
    facts = account.facts
    if not facts.following:
        return
    each = facts.followers / facts.following
    if each < FEW_FOLLOWERS_PER_FOLLOWED:
        weight = 0.6 if each < 0.1 else 0.35 if each < 0.5 else 0.12
        yield Sign(
            "follow_for_follow", weight,
            f"Follows {facts.following:,} accounts and has {facts.followers:,} followers:"
            " often a sign of follow-for-follow.",
        )  # fmt: skip


def _mass_following(account: Account) -> Iterator[Sign]:
    facts = account.facts
    if (facts.following or 0) > 1_000 and facts.followers < 150:
        yield Sign(
            "mass_following", 0.4,
            f"Follows {facts.following:,} accounts and hardly anybody follows back.",
        )  # fmt: skip


def _posts(account: Account) -> Iterator[Sign]:
    posts = account.facts.posts_count
    if posts is None or posts >= 12:
        return
    weight = 0.15 if posts >= 5 else 0.3 if posts else 0.45
    known = f"Only {posts} posts" if posts else "No post"
    yield Sign("few_posts", weight, f"{known} on the account.")


def _engagement(account: Account, card: RateCard) -> Iterator[Sign]:
    place = engagement_percentile(account, card)
    if place is None or UNUSUAL_PERCENT <= place <= 100 - UNUSUAL_PERCENT:
        return
    percent = (account.facts.engagement_ppm or 0) / 10_000
    figures = f"{percent:.1f} %, typical is {_typical(account, card):.1f} %"
    alike = "100 accounts of this platform, size and category"
    if place > 50:
        yield Sign(
            "high_engagement", 0.4,
            f"Engagement is higher than on {min(int(place), 99)} of {alike} ({figures}):"
            " is it bought, or is it one post that went round?",
        )  # fmt: skip
    else:
        yield Sign(
            "low_engagement", 0.4,
            f"Engagement is lower than on {min(int(100 - place), 99)} of {alike} ({figures}):"
            " are the followers real?",
        )  # fmt: skip


def _growth(account: Account) -> Iterator[Sign]:
    for change in changes(account.history):
        if change.is_fall:
            yield Sign("followers_fell", 0.3, change.sentence)
        else:
            weight = 0.2 if change.engaged is None else 0.45
            yield Sign("followers_jumped", weight, change.sentence)


def _comments(account: Account) -> Iterator[Sign]:
    found = account.comments
    if found is None:
        return
    if found.mostly_empty:
        yield Sign(
            "empty_comments", 0.35,
            f"{found.empty} of {found.read} comments say nothing about the post"
            " (emoji, praise that fits anything, business of their own).",
        )  # fmt: skip
    if found.much_alike:
        yield Sign(
            "repeated_comments", 0.45,
            f"{found.alike} of {found.read} comments are long and stand there three times or more,"
            " word for word.",
        )  # fmt: skip


def _profile(account: Account) -> Iterator[Sign]:
    if account.has_picture is False:
        yield Sign("no_picture", 0.5, "The account has no picture.")
