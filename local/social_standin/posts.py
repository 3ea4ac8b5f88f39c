"""What the simulated platforms remember: accounts, posts and faults, in one SQLite file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from local.social_standin.accounts import Figures, account_id, figures, post_id

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    platform TEXT NOT NULL, handle TEXT NOT NULL, id TEXT NOT NULL,
    followers INTEGER NOT NULL, kind TEXT NOT NULL DEFAULT 'professional',
    PRIMARY KEY (platform, handle));
CREATE TABLE IF NOT EXISTS posts (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, key TEXT UNIQUE,
    platform TEXT NOT NULL, handle TEXT NOT NULL, caption TEXT NOT NULL,
    labelled INTEGER NOT NULL, visibility TEXT NOT NULL DEFAULT 'public',
    created_at TEXT NOT NULL, edited_at TEXT, deleted_at TEXT);
CREATE INDEX IF NOT EXISTS posts_by_account ON posts (platform, handle, number);
CREATE TABLE IF NOT EXISTS faults (
    platform TEXT PRIMARY KEY, kind TEXT NOT NULL, remaining INTEGER NOT NULL,
    seconds REAL NOT NULL);
"""


@dataclass(frozen=True)
class Post:
    """A post, also after it was deleted."""

    id: str
    platform: str
    handle: str
    caption: str
    labelled: bool
    visibility: str
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    account_id: str
    followers: int
    figures: Figures

    @property
    def is_public(self) -> bool:
        """True if anybody can see it."""
        return self.deleted_at is None and self.visibility == "public"


@dataclass(frozen=True)
class Account:
    """An account on one platform."""

    platform: str
    handle: str
    id: str
    followers: int
    kind: str
    """``professional``, or ``personal``: not shown by Business Discovery."""


@dataclass(frozen=True)
class Fault:
    """A trouble that the next requests run into."""

    kind: str
    seconds: float


def clean_handle(handle: str) -> str:
    """A handle as it is stored: without @, lower case."""
    return handle.strip().lstrip("@").lower()


class Memory:
    """All state; every change is committed before it is answered."""

    def __init__(self, path: Path, day_seconds: float = 86_400.0) -> None:
        self._day_seconds = day_seconds
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    # --- accounts --------------------------------------------------------------------------

    def put_account(self, platform: str, handle: str, followers: int | None, kind: str) -> Account:
        """Make an account or change what is known of it."""
        handle = clean_handle(handle)
        with self._lock:
            self._db.execute(
                "INSERT INTO accounts (platform, handle, id, followers, kind) "
                "VALUES (?, ?, ?, coalesce(?, 5000), coalesce(nullif(?, ''), 'professional')) "
                "ON CONFLICT (platform, handle) DO UPDATE SET "
                "followers = coalesce(?, followers), kind = coalesce(nullif(?, ''), kind)",
                (platform, handle, account_id(platform, handle), followers, kind, followers, kind),
            )
        account = self.account(platform, handle)
        assert account is not None
        return account

    def account(self, platform: str, handle: str) -> Account | None:
        """An account by its handle."""
        row = self._one(
            "SELECT * FROM accounts WHERE platform = ? AND handle = ?",
            (platform, clean_handle(handle)),
        )
        return Account(**dict(row)) if row else None

    def account_by_id(self, identity: str) -> Account | None:
        """An account by its id."""
        row = self._one("SELECT * FROM accounts WHERE id = ?", (identity,))
        return Account(**dict(row)) if row else None

    # --- posts -----------------------------------------------------------------------------

    def publish(
        self, account: Account, caption: str, labelled: bool, key: str | None = None
    ) -> Post:
        """Publish a post; the same ``key`` again is the same post."""
        now = datetime.now(UTC)
        with self._lock:
            known = key and self._db.execute("SELECT id FROM posts WHERE key = ?", (key,))
            row = known.fetchone() if known else None
            if row is not None:
                identity = str(row["id"])
            else:
                identity = self._insert(account, caption, labelled, key, now)
        post = self.post(identity)
        assert post is not None
        return post

    def _insert(
        self, account: Account, caption: str, labelled: bool, key: str | None, now: datetime
    ) -> str:
        self._db.execute("BEGIN IMMEDIATE")
        cursor = self._db.execute(
            "INSERT INTO posts (key, platform, handle, caption, labelled, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (key, account.platform, account.handle, caption, labelled, now.isoformat()),
        )
        number = cursor.lastrowid or 0
        identity = post_id(account.platform, number, now)
        self._db.execute("UPDATE posts SET id = ? WHERE number = ?", (identity, number))
        self._db.execute("COMMIT")
        return identity

    def post(self, identity: str) -> Post | None:
        """A post by its id, also a deleted one."""
        row = self._one(f"{_SELECT} WHERE p.id = ?", (identity,))
        return self._post(row) if row else None

    def posts(
        self, account: Account | None = None, before: int | None = None, limit: int = 10_000
    ) -> list[tuple[int, Post]]:
        """Posts with their numbers, newest first, deleted ones too; of one account or of all."""
        rows = self._all(
            f"{_SELECT} WHERE (? IS NULL OR (p.platform = ? AND p.handle = ?)) "
            "AND (? IS NULL OR p.number < ?) ORDER BY p.number DESC LIMIT ?",
            (
                account and account.handle,
                account and account.platform,
                account and account.handle,
                before,
                before,
                limit,
            ),
        )
        return [(int(row["number"]), self._post(row)) for row in rows]

    def edit(
        self, identity: str, caption: str | None, labelled: bool | None, visibility: str | None
    ) -> Post | None:
        """Change a post that is not deleted."""
        with self._lock:
            self._db.execute(
                "UPDATE posts SET caption = coalesce(?, caption), "
                "labelled = coalesce(?, labelled), visibility = coalesce(?, visibility), "
                "edited_at = ? WHERE id = ? AND deleted_at IS NULL",
                (caption, labelled, visibility, datetime.now(UTC).isoformat(), identity),
            )
        return self.post(identity)

    def delete(self, identity: str) -> Post | None:
        """Take a post down; it stays in the listing of all posts."""
        with self._lock:
            self._db.execute(
                "UPDATE posts SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
                (datetime.now(UTC).isoformat(), identity),
            )
        return self.post(identity)

    # --- faults ----------------------------------------------------------------------------

    def set_fault(self, platform: str, kind: str, count: int, seconds: float) -> None:
        """Let the next ``count`` requests to a platform (``*``: any) run into trouble."""
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO faults (platform, kind, remaining, seconds) "
                "VALUES (?, ?, ?, ?)",
                (platform, kind, count, seconds),
            )

    def clear_faults(self) -> None:
        """No more trouble."""
        with self._lock:
            self._db.execute("DELETE FROM faults")

    def faults(self) -> list[dict[str, str | int | float]]:
        """The faults that are still to come."""
        return [dict(row) for row in self._all("SELECT * FROM faults WHERE remaining > 0", ())]

    def take_fault(self, platform: str) -> Fault | None:
        """The trouble that this request runs into, counted down."""
        with self._lock:
            rows = self._db.execute(
                "UPDATE faults SET remaining = remaining - 1 WHERE platform = (SELECT platform "
                "FROM faults WHERE platform IN (?, '*') AND remaining > 0 LIMIT 1) "
                "RETURNING kind, seconds",
                (platform,),
            ).fetchall()
        return Fault(rows[0]["kind"], rows[0]["seconds"]) if rows else None

    # --- reading ---------------------------------------------------------------------------

    def _one(self, query: str, values: tuple[object, ...]) -> sqlite3.Row | None:
        with self._lock:
            row: sqlite3.Row | None = self._db.execute(query, values).fetchone()
        return row

    def _all(self, query: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def _post(self, row: sqlite3.Row) -> Post:
        created = datetime.fromisoformat(row["created_at"])
        deleted = row["deleted_at"] and datetime.fromisoformat(row["deleted_at"])
        age = ((deleted or datetime.now(UTC)) - created).total_seconds()
        return Post(
            id=row["id"],
            platform=row["platform"],
            handle=row["handle"],
            caption=row["caption"],
            labelled=bool(row["labelled"]),
            visibility=row["visibility"],
            created_at=created,
            edited_at=row["edited_at"] and datetime.fromisoformat(row["edited_at"]),
            deleted_at=deleted or None,
            account_id=row["account_id"],
            followers=row["followers"],
            figures=figures(row["id"], row["followers"], age, self._day_seconds),
        )


_SELECT = (
    "SELECT p.*, a.id AS account_id, a.followers AS followers FROM posts p "
    "JOIN accounts a ON a.platform = p.platform AND a.handle = p.handle"
)
