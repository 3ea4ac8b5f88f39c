"""The roster: creators and their posts, brought in from files in one transaction each."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import func, insert, select, text, tuple_, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.columns import parse_map
from domain.errors import Unavailable
from domain.ids import CREATOR
from domain.posts import PostRecord, read_posts
from domain.roster import CreatorRecord, read_roster
from domain.tabular import Quarantined, Table, quarantine_csv, read_table
from store import creator_figures
from store.engine import session as transaction
from store.tables import Creator, CreatorPost

SHOWN = 20
"""Quarantined rows that a result names; all of them are in the quarantine file."""
_CHUNK = 1_000
_ROSTER_LOCK = 7_201
"""Advisory lock: two imports at the same time would insert the same creators."""

_LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for having waited longer than `store.engine.LOCK_TIMEOUT_SECONDS`."""

_T = TypeVar("_T")


class LeftOut(BaseModel):
    """A row that was not imported, and why."""

    line: int
    reason: str


class ImportResult(BaseModel):
    """What became of a file; ready for ``--json``."""

    kind: str
    """``roster`` or ``posts``."""
    source: str
    sha256: str
    form: str
    """``CSV, semicolon`` or ``JSON lines``."""
    encoding: str
    columns: dict[str, str]
    """Each field and the column, constant (``=…``) or pattern it was taken from."""
    rows: int
    created: int
    updated: int
    unchanged: int
    quarantined: int
    without_address: int = 0
    """Creators in the file whom no mail can reach: they are contacted by hand."""
    notes: list[str] = []
    left_out: list[LeftOut] = []
    """The first of the quarantined rows."""
    quarantine_file: str = ""
    """Where the caller has written `quarantine`."""
    quarantine: bytes = Field(default=b"", exclude=True, repr=False)
    """The quarantined rows as CSV; empty if there are none."""


async def import_roster(
    engine: AsyncEngine,
    data: bytes,
    *,
    source: str,
    at: datetime,
    mapping: str | Sequence[str] = "",
    encoding: str | None = None,
) -> ImportResult:
    """Bring creators in; the same file twice changes nothing.

    Args:
        engine: the application's database.
        data: the file.
        source: where the records come from; named to the creator in the first mail.
        at: now.
        mapping: one or several ``--map`` options, see `domain.columns`.
        encoding: if it cannot be told from the file.

    Raises:
        domain.tabular.UnreadableFile: the file cannot be taken apart.
        domain.columns.MapMistake: the map does not fit the file.
    """
    table = read_table(data, encoding)
    read = read_roster(table, parse_map(mapping))
    async with transaction(engine) as session:
        counts = await upsert_creators(session, read.records, source, at)
    notes = [*read.notes, *_shared_addresses(read.records)]
    return _result(
        "roster",
        source,
        data,
        table,
        read.columns,
        counts,
        read.quarantined,
        notes,
        without_address=sum(not record.email for record in read.records),
    )


async def import_posts(
    engine: AsyncEngine,
    data: bytes,
    *,
    source: str,
    mapping: str | Sequence[str] = "",
    encoding: str | None = None,
) -> ImportResult:
    """Bring posts in; those of creators who are not in the roster go to the quarantine.

    Raises:
        domain.tabular.UnreadableFile: the file cannot be taken apart.
        domain.columns.MapMistake: the map does not fit the file.
    """
    table = read_table(data, encoding)
    read = read_posts(table, parse_map(mapping))
    async with transaction(engine) as session:
        known, strangers = await _owners(session, read.records)
        counts = await upsert_posts(session, known)
    quarantined = list(read.quarantined)
    quarantined += [
        Quarantined(record.line, reason, read.raw[record.line]) for record, reason in strangers
    ]
    quarantined.sort(key=lambda row: row.line)
    return _result("posts", source, data, table, read.columns, counts, quarantined, read.notes)


async def upsert_creators(
    session: AsyncSession, records: Sequence[CreatorRecord], source: str, at: datetime
) -> Counter[str]:
    """Create or update creators by platform and handle; counts created, updated, unchanged.

    What a record leaves open keeps its value, and so does the first source. Figures of an earlier
    day than those that are known are kept beside them and change nothing else.
    """
    await _lock(session)
    counts: Counter[str] = Counter()
    for chunk in _chunks(records):
        keys = [record.key for record in chunk]
        rows = await session.scalars(
            select(Creator).where(tuple_(Creator.platform, Creator.handle_key).in_(keys))
        )
        existing = {(row.platform, row.handle_key): row for row in rows}
        newest = await creator_figures.newest_days(session, [row.id for row in existing.values()])
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        seen: dict[str, CreatorRecord] = {}
        for record in chunk:
            row = existing.get(record.key)
            if row is None:
                new.append(_new_creator(record, source, at))
                seen[new[-1]["id"]] = record
                continue
            seen[row.id] = record
            is_old = record.seen_on and record.seen_on < newest.get(row.id, date.min)
            if changes := _changes(row, record, creator_figures.FIGURES if is_old else ()):
                changed.append({"id": row.id, **changes, "updated_at": at})
            else:
                counts["unchanged"] += 1
        if new:
            await session.execute(insert(Creator), new)
        if changed:
            await session.execute(update(Creator), changed)  # in bulk, by primary key
        await creator_figures.note(session, seen, at)
        counts["created"] += len(new)
        counts["updated"] += len(changed)
    return counts


def _new_creator(record: CreatorRecord, source: str, at: datetime) -> dict[str, Any]:
    return {
        # Random: a digest of the handle could be guessed back by trying handles.
        "id": f"{CREATOR}_{secrets.token_hex(10)}",
        **record.model_dump(exclude={"seen_on"}),
        "source": source,
        "salt": secrets.token_hex(16),
        "created_at": at,
        "updated_at": at,
    }


def _changes(row: Creator, record: CreatorRecord, but: Collection[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in record.model_dump(exclude={"seen_on", *but}).items()
        if value not in (None, "") and getattr(row, name) != value
    }


async def upsert_posts(
    session: AsyncSession, posts: Sequence[tuple[str, PostRecord]]
) -> Counter[str]:
    """Create or update posts of creators (by id); counts created, updated, unchanged."""
    await _lock(session)
    counts: Counter[str] = Counter()
    fields = ("caption", "posted_at", "likes", "comments", "comment_marks")
    for chunk in _chunks(posts):
        keys = [(creator_id, post.post_key) for creator_id, post in chunk]
        rows = await session.scalars(
            select(CreatorPost).where(
                tuple_(CreatorPost.creator_id, CreatorPost.post_key).in_(keys)
            )
        )
        existing = {(row.creator_id, row.post_key): row for row in rows}
        new: list[dict[str, Any]] = []
        for creator_id, post in chunk:
            values = {name: getattr(post, name) for name in fields}
            values["comment_marks"] = list(marks) if (marks := post.comment_marks) else None
            row = existing.get((creator_id, post.post_key))
            if row is None:
                new.append({"creator_id": creator_id, "post_key": post.post_key, **values})
                counts["created"] += 1
                continue
            changes = {
                name: value
                for name, value in values.items()
                if value is not None and getattr(row, name) != value
            }
            counts["updated" if changes else "unchanged"] += 1
            if "caption" in changes:
                # Another text is another post to whoever reads what came in since the last look.
                await session.delete(row)
                kept = {name: getattr(row, name) for name in ("creator_id", "post_key", *fields)}
                new.append(kept | changes)
                continue
            for name, value in changes.items():
                setattr(row, name, value)
        await session.flush()  # what another text replaces goes first
        if new:
            await session.execute(insert(CreatorPost), new)
    return counts


async def _lock(session: AsyncSession) -> None:
    try:
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ROSTER_LOCK})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != _LOCK_NOT_AVAILABLE:
            raise
        raise Unavailable(
            "another import is running", hint="wait until it is done and try again"
        ) from error


async def count_creators(session: AsyncSession) -> int:
    """How many creators the roster has."""
    return await session.scalar(select(func.count()).select_from(Creator)) or 0


async def _owners(
    session: AsyncSession, records: Sequence[PostRecord]
) -> tuple[list[tuple[str, PostRecord]], list[tuple[PostRecord, str]]]:
    """Whose post each is; and those that belong to nobody, or to more than one, with the reason."""
    wanted = sorted({record.handle_key for record in records})
    by_handle: dict[str, dict[str, str]] = {}
    for chunk in _chunks(wanted):
        rows = await session.execute(
            select(Creator.platform, Creator.handle_key, Creator.id).where(
                Creator.handle_key.in_(chunk)
            )
        )
        for platform, key, creator_id in rows:
            by_handle.setdefault(key, {})[platform] = creator_id
    known: dict[tuple[str, str], PostRecord] = {}
    strangers: list[tuple[PostRecord, str]] = []
    for record in records:
        reason, owner = _owner(record, by_handle.get(record.handle_key, {}))
        if reason:
            strangers.append((record, reason))
        elif (first := known.get((owner, record.post_key))) is not None:
            strangers.append((record, f"the same post as in line {first.line}"))
        else:
            known[owner, record.post_key] = record
    return [(owner, record) for (owner, _), record in known.items()], strangers


def _owner(record: PostRecord, accounts: Mapping[str, str]) -> tuple[str, str]:
    if record.platform:
        owner = accounts.get(record.platform, "")
        return ("" if owner else f"no such creator in the roster on {record.platform}"), owner
    if not accounts:
        return "no such creator in the roster", ""
    if len(accounts) > 1:
        return f"the handle is on {' and '.join(sorted(accounts))}: say on which platform", ""
    return "", next(iter(accounts.values()))


def _result(
    kind: str,
    source: str,
    data: bytes,
    table: Table,
    columns: dict[str, str],
    counts: Counter[str],
    quarantined: list[Quarantined],
    notes: list[str],
    without_address: int = 0,
) -> ImportResult:
    return ImportResult(
        kind=kind,
        source=source,
        sha256=hashlib.sha256(data).hexdigest(),
        form=table.form,
        encoding=table.encoding,
        columns=columns,
        rows=len(table.rows),
        created=counts["created"],
        updated=counts["updated"],
        unchanged=counts["unchanged"],
        quarantined=len(quarantined),
        without_address=without_address,
        notes=notes,
        left_out=[LeftOut(line=row.line, reason=row.reason) for row in quarantined[:SHOWN]],
        quarantine=quarantine_csv(table, quarantined) if quarantined else b"",
    )


def _shared_addresses(records: Sequence[CreatorRecord]) -> list[str]:
    uses = Counter(record.email for record in records if record.email)
    shared = sum(count for count in uses.values() if count > 1)
    return [f"{shared} creators share an address with another one"] if shared else []


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
