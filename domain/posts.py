"""Recent posts from anybody's table: what vetting reads to know how a creator speaks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from pydantic import BaseModel, ConfigDict

from domain.columns import Source, resolve
from domain.comments import marks_of, split_comments
from domain.figures import is_blank, parse_count
from domain.handles import handle_key, platform_name, read_handle
from domain.roster import require
from domain.tabular import Quarantined, Row, Table, without_controls

FIELDS: dict[str, tuple[str, ...]] = {
    "platform": ("network", "social network", "channel", "plattform"),
    "handle": (
        "username", "user name", "account", "account name", "user", "creator", "profile",
        "benutzername",
    ),
    "caption": ("text", "description", "post", "content", "message", "title", "beschreibung"),
    "posted_at": (
        "date", "posted", "published", "published at", "created at", "created", "time",
        "timestamp", "taken at", "datum",
    ),
    "likes": ("like count", "likes count", "number of likes", "hearts", "gefaellt"),
    "comments": ("comment count", "comments count", "number of comments", "kommentare"),
    "comment_texts": (
        "comments text", "comment text", "texts of comments", "top comments", "latest comments",
    ),
    "post_id": ("id", "post key", "shortcode", "media id", "video id", "url", "link", "permalink"),
}  # fmt: skip
"""Every field of a posts file, with the column names under which it is usually found."""

_REQUIRED = {
    "handle": "map one with handle=Column",
    "caption": "map it with caption=Column",
}
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? (\d{1,2}):(\d{2})(?::\d{2})?)?")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")


class PostRecord(BaseModel):
    """A post as a file describes it."""

    model_config = ConfigDict(frozen=True)

    line: int
    platform: str
    """Empty if the file does not say: the handle must then be on one platform only."""
    handle_key: str
    post_key: str
    caption: str
    posted_at: datetime | None = None
    likes: int | None = None
    comments: int | None = None
    comment_marks: tuple[str, ...] | None = None
    """What is kept of the comments' texts, see `domain.comments`; None if the file has none."""


@dataclass
class PostsRead:
    """What a file holds."""

    records: list[PostRecord]
    quarantined: list[Quarantined]
    columns: dict[str, str]
    """Field and where it came from."""
    raw: dict[int, tuple[str, ...]]
    """The original cells by line, for rows that turn out to belong to nobody."""
    notes: list[str] = field(default_factory=list)


def read_posts(table: Table, mapping: Mapping[str, str]) -> PostsRead:
    """Read every row into a record, or into the quarantine with its reason.

    Raises:
        domain.columns.MapMistake: the map names what is not there, or no column holds handles or
            captions.
    """
    sources = resolve(mapping, table.headers, FIELDS)
    require(sources, _REQUIRED, table)
    records: list[PostRecord] = []
    quarantined: list[Quarantined] = []
    first: dict[tuple[str, str, str], int] = {}
    for row in table.rows:
        try:
            record = _record(row, sources)
            key = (record.platform, record.handle_key, record.post_key)
            if key in first:
                raise ValueError(f"the same post as in line {first[key]}")
            first[key] = row.line
            records.append(record)
        except ValueError as error:
            quarantined.append(Quarantined(row.line, str(error), row.raw))
    columns = {name: str(source) for name, source in sources.items()}
    raw = {row.line: row.raw for row in table.rows}
    return PostsRead(records, quarantined, columns, raw, list(table.notes))


def _record(row: Row, sources: Mapping[str, Source]) -> PostRecord:
    if row.fault:
        raise ValueError(row.fault)
    found = {name: source.value(row.cells).strip() for name, source in sources.items()}
    if not found["handle"]:
        raise ValueError("handle: is empty")
    handle, from_address = read_handle(found["handle"])
    written = found.get("platform", "")
    platform = platform_name(written) or from_address or ""
    if written and platform_name(written) is None:
        raise ValueError(f"platform: '{written[:40]}' is not one of instagram, tiktok, youtube")
    caption = without_controls(found["caption"]).strip()
    if not caption:
        raise ValueError("caption: is empty")
    posted_at = parse_moment(found.get("posted_at", ""))
    return PostRecord(
        line=row.line,
        platform=platform,
        handle_key=handle_key(handle),
        post_key=_post_key(found.get("post_id", ""), caption, posted_at),
        caption=caption,
        posted_at=posted_at,
        likes=_count(found, "likes"),
        comments=_count(found, "comments"),
        comment_marks=_marks(found.get("comment_texts", "")),
    )


def _marks(text: str) -> tuple[str, ...] | None:
    return None if is_blank(text) else marks_of(split_comments(text))


def _post_key(written: str, caption: str, posted_at: datetime | None) -> str:
    """The platform's id; without one, a digest of caption and time, so that twice is once."""
    if written and not is_blank(written):
        return without_controls(written)[:300]
    moment = posted_at.isoformat() if posted_at else ""
    return "sha256:" + hashlib.sha256(f"{moment}\x1f{caption}".encode()).hexdigest()[:40]


def _count(found: Mapping[str, str], name: str) -> int | None:
    text = found.get(name, "")
    if is_blank(text):
        return None
    try:
        return parse_count(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def parse_moment(text: str) -> datetime | None:
    """Read a date or a time: ISO 8601, ``24.12.2026 18:30`` or seconds since 1970; UTC if unsaid.

    Raises:
        ValueError: no such time, or ambiguous between day and month.
    """
    text = " ".join(text.split())
    if is_blank(text):
        return None
    try:
        return _moment(text)
    except (ValueError, OverflowError) as error:
        said = str(error) if "either" in str(error) else "is not a date; write it like 2026-12-24"
        raise ValueError(f"posted_at: '{text[:40]}' {said}") from error


def _moment(text: str) -> datetime:
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if match := _SLASHES.match(text):
        month, day, year = int(match[1]), int(match[2]), int(match[3])
        if month <= 12 and day <= 12 and month != day:
            raise ValueError("can be read as either month/day or day/month; write 2026-12-24")
        month, day = (month, day) if month <= 12 else (day, month)
        rest = text[match.end() :].strip(" ,")
        clock = time.fromisoformat(rest.zfill(5)) if rest else time()
        return datetime.combine(date(year, month, day), clock).replace(tzinfo=UTC)
    if match := _GERMAN.fullmatch(text):
        day, month, year = (int(match[i]) for i in (1, 2, 3))
        hour, minute = int(match[4] or 0), int(match[5] or 0)
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
