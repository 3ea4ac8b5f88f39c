"""Invented creators, their posts, and the campaign file that asks for them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from local.people.captions import ANYWHERE, CLOSINGS, LIKES, OPENINGS
from local.rehearsal import Material

POSTS_EACH = 12
"""Enough to be judged by; what an export of a profile usually has."""

_ROSTER = (
    "platform", "handle", "name", "email", "country", "language", "timezone", "category",
    "followers", "following", "posts", "engagement_rate", "audience_country",
)  # fmt: skip
_POSTS = ("platform", "handle", "posted_at", "caption", "likes", "comments")
_NEWEST = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
_SENTENCES = [*ANYWHERE, *(each for group in OPENINGS.values() for each in group)]


def captions(number: int) -> Iterator[str]:
    """Captions in plain English, the same each time."""
    chance = random.Random(number)
    while True:
        yield f"{chance.choice(_SENTENCES)} {chance.choice(LIKES)} {chance.choice(CLOSINGS)}"


@dataclass(frozen=True)
class Pace:
    """How long the engine waits by itself."""

    cooling: str
    looks: tuple[str, ...]
    period: str
    final: str


AT_ONCE = Pace(
    "0.1 seconds", ("0.1 seconds", "0.2 seconds", "0.3 seconds"), "0.4 seconds", "0.1 seconds"
)
"""Hardly at all: what is measured is work."""

CALM = Pace("1 second", ("1 second", "2 seconds", "3 seconds"), "4 seconds", "1 second")
"""Every timer of a real campaign is started and fires, so that its history is whole."""


def write(
    folder: Path, *, creators: int, wanted: int, prefix: str = "bench", pace: Pace = AT_ONCE
) -> Material:
    """Write a roster, its posts and a campaign, and read them as a person's files are read."""
    folder.mkdir(parents=True, exist_ok=True)
    roster, posts = folder / f"{prefix}-roster.csv", folder / f"{prefix}-posts.csv"
    campaign = folder / f"{prefix}-campaign.yaml"
    source = Template((Path(__file__).parent / "campaign.yaml").read_text(encoding="utf-8"))
    filled = source.substitute(
        WANTED=wanted,
        BUDGET=wanted * 1_000,
        COOLING=pace.cooling,
        PERIOD=pace.period,
        LOOKS=", ".join(pace.looks),
        FINAL=pace.final,
    )
    campaign.write_text(filled, encoding="utf-8")
    people = list(_people(creators, prefix))
    _write(roster, _ROSTER, people)
    _write(posts, _POSTS, _all_posts(people))
    return Material.read(roster, posts, campaign)


def _people(count: int, prefix: str) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        handle = f"{prefix}.creator.{number:05d}"
        chance = random.Random(handle)
        yield (
            "instagram", handle, f"Sample Person {number}", f"{handle}@mail.example.com", "GB",
            "en", "Europe/London", "beauty", chance.randrange(3_000, 45_000),
            chance.randrange(200, 900), chance.randrange(80, 900),
            f"{chance.uniform(2.0, 6.0):.1f} %", "GB",
        )  # fmt: skip


def _all_posts(people: list[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    for number, person in enumerate(people):
        words = captions(number)
        for day in range(POSTS_EACH):
            at = _NEWEST - timedelta(days=day)
            # The day keeps two posts with the same words apart.
            yield person[0], person[1], f"{at:%Y-%m-%d %H:%M}", next(words), 500 + day, 20 + day


def _write(
    path: Path,
    names: tuple[str, ...],
    rows: Iterator[tuple[object, ...]] | list[tuple[object, ...]],
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows)
