"""Does the creator suit the product? A distribution over categories, and why, in a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from domain.categories import category_of, nearness
from domain.text import fold
from domain.topics import read_topics

DECLARED_WEIGHT = 3
"""The declared category counts as much as so many posts."""

NOT_KNOWN_PERCENT = 50
"""Fit of a creator of whom nothing is known: neither for nor against."""

GOOD_PERCENT = 60
BAD_PERCENT = 30
_SHOWN = 3


class Fit(BaseModel):
    """How well a creator suits a product, with reasons."""

    model_config = ConfigDict(frozen=True)

    percent: int
    reasons: tuple[str, ...]
    shares: dict[str, int] = {}
    """What the creator is about: percent by category."""
    competitors: tuple[str, ...] = ()
    """Competitors that the creator's posts name."""
    known: bool = True


def fit(
    creator_category: str,
    captions: Sequence[str],
    product_category: str,
    product_words: str,
    competitors: Sequence[str] = (),
) -> Fit:
    """Judge how well a creator suits a product.

    Args:
        creator_category: What the roster says, in its own words; may be empty.
        captions: Recent posts.
        product_category: The campaign's category.
        product_words: The product in words; decides if the category is not one of ours.
        competitors: Names or handles of competing brands.
    """
    product = category_of(product_category) or _first(read_topics([product_words]).shares())
    named = competitors_named(captions, competitors)
    shares = _shares(category_of(creator_category), captions)
    if not product or not shares:
        what = "what the product is about" if not product else "what the creator is about"
        reasons = (f"It cannot be told {what}; a person should look.", *_warnings(named))
        return Fit(percent=NOT_KNOWN_PERCENT, reasons=reasons, competitors=named, known=False)
    exact = sum(share * nearness(category, product) for category, share in shares.items())
    percent = round(100 * exact)
    reasons = (_sentence(shares, product, percent), *_warnings(named))
    return Fit(
        percent=percent, reasons=reasons, competitors=named,
        shares={category: round(100 * share) for category, share in shares.items()},
    )  # fmt: skip


def _shares(declared: str, captions: Sequence[str]) -> dict[str, float]:
    """Blend what the roster says with what the posts say."""
    found = read_topics(captions)
    written, spoke = found.shares(), found.spoke
    weight = DECLARED_WEIGHT if declared else 0
    if not weight + spoke:
        return {}
    blended = {category: share * spoke / (weight + spoke) for category, share in written.items()}
    if declared:
        blended[declared] = blended.get(declared, 0.0) + weight / (weight + spoke)
    return dict(sorted(blended.items(), key=lambda item: (-item[1], item[0])))


def _sentence(shares: dict[str, float], product: str, percent: int) -> str:
    about = ", ".join(
        f"{round(100 * share)} % {category}" for category, share in list(shares.items())[:_SHOWN]
    )
    main = next(iter(shares))
    if percent < BAD_PERCENT:
        return f"Bad fit for {product}: the creator is about {about}; {main} is far from {product}."
    near = "" if main == product else f"; {main} is near {product}"
    if percent < GOOD_PERCENT:
        return f"Partial fit for {product}: the creator is about {about}."
    return f"Good fit for {product}: the creator is about {about}{near}."


def competitors_named(captions: Sequence[str], competitors: Sequence[str]) -> tuple[str, ...]:
    """The competitors that texts name, by name, handle or hashtag."""
    texts = [fold(caption).text for caption in captions]
    named = []
    for competitor in competitors:
        parts = re.findall(r"[^\W_]+", fold(competitor).text)
        if parts:
            pattern = re.compile(rf"(?<!\w){'[^a-z0-9]*'.join(map(re.escape, parts))}(?!\w)")
            if any(pattern.search(text) for text in texts):
                named.append(competitor)
    return tuple(named)


def _warnings(named: tuple[str, ...]) -> tuple[str, ...]:
    if not named:
        return ()
    return (f"Recent posts name a competitor: {', '.join(named)}.",)


def _first(shares: dict[str, float]) -> str:
    return max(shares, key=lambda category: shares[category]) if shares else ""
