"""A roster from anybody's table: one record per creator, or the reason why a row is left out."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict

from domain.addresses import usable_address
from domain.columns import MapMistake, Source, resolve
from domain.figures import is_blank, parse_count, parse_percent
from domain.handles import handle_key, platform_name, read_handle
from domain.places import country_code, language_code, usual_zone, zone_name
from domain.tabular import Quarantined, Row, Table, control_character

FIELDS: dict[str, tuple[str, ...]] = {
    "platform": ("network", "social network", "channel", "plattform"),
    "handle": (
        "username", "user name", "account", "account name", "user", "screen name", "profile",
        "profile url", "url", "link", "instagram", "tiktok", "youtube", "benutzername",
    ),
    "followers": (
        "follower", "followers count", "follower count", "number of followers", "subscribers",
        "subscriber count", "abonnenten", "abonnes", "fans", "audience size",
    ),
    "engagement": (
        "engagement rate", "er", "eng rate", "avg engagement rate", "average engagement rate",
        "engagement in percent", "engagementrate", "engagement average", "average engagement",
        "avg engagement", "authentic engagement",
    ),
    "engagement_percent": (),
    "engagement_average": (),
    "email": ("e-mail", "mail", "email address", "e-mail address", "contact email", "contact"),
    "name": ("full name", "display name", "creator", "creator name", "influencer", "title"),
    "country": ("location", "land", "pays", "country code", "home country"),
    "audience_country": ("country of audience", "top country", "main audience country"),
    "language": ("lang", "sprache", "content language"),
    "timezone": ("time zone", "tz", "zeitzone"),
    "category": ("category 1", "niche", "topic", "kategorie", "vertical", "main category"),
    "following": ("follows", "following count", "followees", "number of people they follow"),
    "posts_count": ("posts", "post count", "number of posts", "media count", "uploads", "videos"),
    "seen_on": ("as of", "figures of", "snapshot date"),
    "platform_account_id": ("account id", "user id", "platform id", "channel id"),
}  # fmt: skip
"""Every field of a roster, with the column names under which it is usually found."""

_REQUIRED = {
    "handle": "map one with handle=Column, or make one with handle=name-{Column}",
    "followers": "map it with followers=Column",
}
_LIMITS = {"name": 120, "category": 80, "platform_account_id": 80}
_LOW_RATE = Decimal("0.2")
"""Rates without a percent sign: accounts engage a few percent of their followers, so a column whose
median is below this is written as fractions (0.025), otherwise in percent (2.5)."""


class CreatorRecord(BaseModel):
    """A creator as a file describes them; None and empty mean that the file says nothing."""

    model_config = ConfigDict(frozen=True)

    platform: str
    handle: str
    """Without @."""
    handle_key: str
    followers: int
    platform_account_id: str = ""
    name: str = ""
    email: str = ""
    country: str = ""
    language: str = ""
    timezone: str = ""
    category: str = ""
    following: int | None = None
    posts_count: int | None = None
    engagement_ppm: int | None = None
    """Engagements per post as parts per million of the followers."""
    audience_country: str = ""
    seen_on: date | None = None
    """The day the figures are of; None is the day of the import."""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two rows the same creator."""
        return self.platform, self.handle_key


@dataclass
class RosterRead:
    """What a file holds."""

    records: list[CreatorRecord]
    quarantined: list[Quarantined]
    columns: dict[str, str]
    """Field and where it came from."""
    notes: list[str] = field(default_factory=list)


class _Bad(ValueError):
    """A row cannot be used; the text says why."""


def read_roster(table: Table, mapping: Mapping[str, str]) -> RosterRead:
    """Read every row into a record, or into the quarantine with its reason.

    Raises:
        MapMistake: the map names what is not there, or no column holds handles or followers.
    """
    sources = resolve(mapping, table.headers, FIELDS)
    require(sources, _REQUIRED, table)
    usual = ("engagement", "engagement_percent", "engagement_average")
    engagement = next((name for name in reversed(usual) if name in sources), "")
    unit = engagement
    notes: list[str] = list(table.notes)
    if engagement == "engagement":
        unit = _engagement_unit(sources[engagement].value(row.cells) for row in table.rows)
        notes.append(f"{sources[engagement]}: read as {_UNIT_WORDS[unit]}")
    records: dict[tuple[str, str], tuple[int, CreatorRecord]] = {}
    quarantined: list[Quarantined] = []
    for row in table.rows:
        try:
            record = _record(row, sources, unit if engagement else "", engagement)
            if (first := records.get(record.key)) is not None:
                raise _Bad(f"the same creator as in line {first[0]}")
            records[record.key] = (row.line, record)
        except ValueError as error:
            quarantined.append(Quarantined(row.line, str(error), row.raw))
    found = [record for _, record in records.values()]
    return RosterRead(
        found, quarantined, {name: str(source) for name, source in sources.items()}, notes
    )


def require(sources: Mapping[str, Source], required: Mapping[str, str], table: Table) -> None:
    """Refuse a file in which no column holds what every row needs.

    Raises:
        MapMistake: names the field, the file's columns and how to map one.
    """
    for name, hint in required.items():
        if name not in sources:
            columns = ", ".join(header for header in table.headers if header)
            raise MapMistake(
                f"no column of the file looks like '{name}'", hint=f"{hint}; columns: {columns}"
            )


_UNIT_WORDS = {
    "percent": "a rate in percent",
    "fraction": "a rate as a fraction",
    "average": "an average number of engagements per post, divided by the followers",
}


def _engagement_unit(values: Iterable[str]) -> str:
    """Percent, fraction or average number: decided once, for the whole column."""
    rates: list[Decimal] = []
    counts = 0
    for value in values:
        if is_blank(value):
            continue
        try:
            rate, sign = parse_percent(value)
        except ValueError:
            counts += 1
            continue
        if sign:
            return "percent"
        rates.append(rate)
    if counts > len(rates) or (rates and statistics.median(rates) > 100):
        return "average"
    return "fraction" if rates and statistics.median(rates) < _LOW_RATE else "percent"


def _record(row: Row, sources: Mapping[str, Source], unit: str, engagement: str) -> CreatorRecord:
    if row.fault:
        raise _Bad(row.fault)
    found = {name: source.value(row.cells).strip() for name, source in sources.items()}
    for name, text in found.items():
        if code := control_character(text):
            raise _Bad(f"{name}: has a control character ({code})")
    if not found["handle"]:
        raise _Bad("handle: is empty")
    handle, platform = read_handle(found["handle"])
    platform = platform_of(found.get("platform", ""), platform)
    followers = _count(found, "followers")
    if followers is None:
        raise _Bad("followers: is empty")
    country = _place(found, "country")
    zone = _zone(found.get("timezone", ""))
    return CreatorRecord(
        platform=platform,
        handle=handle,
        handle_key=handle_key(handle),
        followers=followers,
        email=_email(found.get("email", "")),
        country=country,
        language=_language(found.get("language", "")),
        timezone=zone or usual_zone(country),
        following=_count(found, "following"),
        posts_count=_count(found, "posts_count"),
        engagement_ppm=_engagement(found.get(engagement, ""), unit, followers),
        audience_country=_place(found, "audience_country"),
        seen_on=_day(found.get("seen_on", "")),
        **{name: _text(found, name, limit) for name, limit in _LIMITS.items()},
    )


def platform_of(written: str, from_address: str | None) -> str:
    """The platform of a row: as written, or as the profile's address says.

    Raises:
        ValueError: unknown, contradictory or missing.
    """
    platform = platform_name(written)
    if written and platform is None:
        raise _Bad(f"platform: '{written[:40]}' is not one of instagram, tiktok, youtube")
    if platform and from_address and platform != from_address:
        raise _Bad(f"platform: {platform}, but the address is on {from_address}")
    if not (platform or from_address):
        raise _Bad("platform: is empty; for a whole file map platform==instagram")
    return platform or from_address or ""


def _text(found: Mapping[str, str], name: str, limit: int) -> str:
    text = " ".join(found.get(name, "").split())
    if len(text) > limit:
        raise _Bad(f"{name}: has {len(text):,} characters, {limit} at most")
    return text


def _count(found: Mapping[str, str], name: str) -> int | None:
    text = found.get(name, "")
    if is_blank(text):
        return None
    try:
        return parse_count(text)
    except ValueError as error:
        raise _Bad(f"{name}: {error}") from error


def _place(found: Mapping[str, str], name: str) -> str:
    text = found.get(name, "")
    if is_blank(text):
        return ""
    code = country_code(text)
    if code is None:
        raise _Bad(f"{name}: '{text[:40]}' is not a country; write its name or its code, like DE")
    return code


def _language(text: str) -> str:
    if is_blank(text):
        return ""
    code = language_code(text)
    if code is None:
        raise _Bad(f"language: '{text[:40]}' is not a language; write its code, like de")
    return code


def _zone(text: str) -> str:
    if is_blank(text):
        return ""
    zone = zone_name(text)
    if zone is None:
        raise _Bad(f"timezone: '{text[:40]}' is not a time zone; write it like Europe/Berlin")
    return zone


def _day(text: str) -> date | None:
    if is_blank(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Bad(f"seen_on: '{text[:40]}' is not a day; write it like 2026-12-24") from None


def _email(text: str) -> str:
    if is_blank(text):
        return ""
    address = usable_address(text.removeprefix("mailto:"))
    if address is None:
        raise _Bad("email: is not an address that mail can be sent to")
    return address


def _engagement(text: str, unit: str, followers: int) -> int | None:
    if is_blank(text) or not unit:
        return None
    try:
        if unit in ("average", "engagement_average"):
            average = parse_count(text)
            return average * 1_000_000 // followers if followers else None
        rate, sign = parse_percent(text)
    except ValueError as error:
        raise _Bad(f"engagement: {error}") from error
    ppm = int(rate * (1_000_000 if unit == "fraction" and not sign else 10_000))
    if ppm > 1_000_000:
        raise _Bad(f"engagement: '{text[:40]}' is more than 100 %")
    return ppm
