"""What the stand-in remembers: one SQLite file, committed before anything is answered."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.stripe_standin.shapes import Json, about

_TABLES = """
CREATE TABLE IF NOT EXISTS accounts (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, return_url TEXT NOT NULL,
    refresh_url TEXT NOT NULL, expires REAL NOT NULL, session TEXT, used INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS transfers (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, transfer_group TEXT, destination TEXT,
    created INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS transfers_group ON transfers (transfer_group);
CREATE TABLE IF NOT EXISTS credits (
    transfer TEXT PRIMARY KEY, amount INTEGER NOT NULL, currency TEXT NOT NULL, rate REAL NOT NULL);
CREATE TABLE IF NOT EXISTS bank_payouts (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, account TEXT NOT NULL, body TEXT NOT NULL,
    entries TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS balances (
    owner TEXT NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (owner, currency));
CREATE TABLE IF NOT EXISTS lines (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL, source TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    scope TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (scope, key));
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    tries INTEGER DEFAULT 0, next_at REAL, delivered_at REAL, last_answer TEXT DEFAULT '');
CREATE INDEX IF NOT EXISTS events_open ON events (next_at) WHERE next_at IS NOT NULL;
"""


class State:
    """The stand-in's memory. Every change happens inside `transaction`."""

    def __init__(self, folder: Path, platform_minor: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "stripe_standin.sqlite", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        # Survives the death of the process, which is what is rehearsed; not a power cut.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        self._platform_minor = platform_minor

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; committed when the block ends well."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def forget(self) -> None:
        """Everything is as on the first day."""
        tables = list(self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"))
        for (table,) in tables:
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608, our own names

    # accounts

    def save_account(self, body: Json) -> None:
        """Insert or replace an account."""
        self._db.execute(
            "INSERT INTO accounts (id, body) VALUES (?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], json.dumps(body)),
        )

    def account(self, ident: str) -> Json | None:
        """One account."""
        return self._one("SELECT body FROM accounts WHERE id = ?", ident)

    def accounts(self) -> list[Json]:
        """All accounts, oldest first."""
        return self._many("SELECT body FROM accounts ORDER BY seq")

    def save_link(
        self, token: str, account: str, return_url: str, refresh_url: str, expires: float
    ) -> None:
        """Remember an onboarding link."""
        self._db.execute(
            "INSERT INTO links (token, account, return_url, refresh_url, expires) "
            "VALUES (?, ?, ?, ?, ?)",
            (token, account, return_url, refresh_url, expires),
        )

    def link(self, token: str) -> dict[str, Any] | None:
        """One onboarding link."""
        names = ("token", "account", "return_url", "refresh_url", "expires", "session", "used")
        row = self._db.execute(
            f"SELECT {', '.join(names)} FROM links WHERE token = ?",  # noqa: S608 - fixed names
            (token,),
        ).fetchone()
        return dict(zip(names, row, strict=True)) if row else None

    def open_link(self, token: str, session: str) -> None:
        """The link was visited: it opens no second time."""
        self._db.execute("UPDATE links SET session = ? WHERE token = ?", (session, token))

    def finish_link(self, token: str) -> None:
        """The form behind the link was sent."""
        self._db.execute("UPDATE links SET used = 1 WHERE token = ?", (token,))

    # transfers and balances

    def save_transfer(self, body: Json) -> None:
        """Insert or replace a transfer."""
        self._db.execute(
            "INSERT INTO transfers (id, transfer_group, destination, created, body) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (
                body["id"],
                body["transfer_group"],
                body["destination"],
                body["created"],
                json.dumps(body),
            ),
        )

    def transfer(self, ident: str) -> Json | None:
        """One transfer."""
        return self._one("SELECT body FROM transfers WHERE id = ?", ident)

    def transfers(self) -> list[Json]:
        """All transfers, newest first, as Stripe lists them."""
        return self._many("SELECT body FROM transfers ORDER BY seq DESC")

    def transfers_in_group(self, group: str) -> list[Json]:
        """The transfers of one group, newest first."""
        return self._many(
            "SELECT body FROM transfers WHERE transfer_group = ? ORDER BY seq DESC", group
        )

    def save_credit(self, transfer: str, amount: int, currency: str, rate: float) -> None:
        """Remember what a transfer was converted to."""
        self._db.execute(
            "INSERT INTO credits (transfer, amount, currency, rate) VALUES (?, ?, ?, ?)",
            (transfer, amount, currency, rate),
        )

    def credit(self, transfer: Json) -> tuple[int, str, float | None]:
        """What arrived of a transfer: amount, currency, and the rate if it was converted."""
        row = self._db.execute(
            "SELECT amount, currency, rate FROM credits WHERE transfer = ?", (transfer["id"],)
        ).fetchone()
        return row or (transfer["amount"], transfer["currency"], None)

    def save_bank_payout(self, account: str, body: Json, entries: list[Json]) -> None:
        """Insert or replace a payout to a bank."""
        self._db.execute(
            "INSERT INTO bank_payouts (id, account, body, entries) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body, entries = excluded.entries",
            (body["id"], account, json.dumps(body), json.dumps(entries)),
        )

    def bank_payout(self, ident: str) -> Json | None:
        """One payout to a bank: ``id``, ``account``, ``body`` and ``entries``."""
        row = self._db.execute(
            "SELECT id, account, body, entries FROM bank_payouts WHERE id = ?", (ident,)
        ).fetchone()
        return _bank_payout(row) if row else None

    def bank_payouts(self, account: str) -> list[Json]:
        """All payouts of an account, oldest first."""
        rows = self._db.execute(
            "SELECT id, account, body, entries FROM bank_payouts WHERE account = ? ORDER BY seq",
            (account,),
        )
        return [_bank_payout(row) for row in rows]

    def balance(self, owner: str) -> dict[str, int]:
        """Amounts by currency; ``owner`` is an account, or empty for the platform."""
        rows = self._db.execute("SELECT currency, amount FROM balances WHERE owner = ?", (owner,))
        start = {} if owner else dict.fromkeys(("eur", "gbp", "usd"), self._platform_minor)
        return start | {str(currency): int(amount) for currency, amount in rows}

    def available(self, owner: str, currency: str) -> int:
        """One balance; the platform begins with the amount that the stand-in was started with."""
        row = self._db.execute(
            "SELECT amount FROM balances WHERE owner = ? AND currency = ?", (owner, currency)
        ).fetchone()
        return int(row[0]) if row else (0 if owner else self._platform_minor)

    def reserved(self) -> dict[str, int]:
        """What is held back of the platform's balance: the accounts that are below zero."""
        rows = self._db.execute(
            "SELECT currency, -SUM(amount) FROM balances WHERE owner != '' AND amount < 0 "
            "GROUP BY currency"
        )
        return {str(currency): int(amount) for currency, amount in rows}

    def set_balance(self, owner: str, currency: str, amount: int) -> None:
        """Set one balance."""
        self._db.execute(
            "INSERT INTO balances (owner, currency, amount) VALUES (?, ?, ?) "
            "ON CONFLICT (owner, currency) DO UPDATE SET amount = excluded.amount",
            (owner, currency, amount),
        )

    def save_line(self, body: Json, source: Json | None) -> None:
        """Remember a line of the platform's balance, and what caused it."""
        self._db.execute(
            "INSERT INTO lines (id, body, source) VALUES (?, ?, ?)",
            (body["id"], json.dumps(body), json.dumps(source)),
        )

    def lines(self) -> list[tuple[Json, Json | None]]:
        """Every line with what caused it, newest first."""
        rows = self._db.execute("SELECT body, source FROM lines ORDER BY seq DESC")
        return [(json.loads(body), json.loads(source)) for body, source in rows]

    # idempotency keys

    def kept_answer(self, scope: str, key: str, since: float) -> tuple[str, int, Json] | None:
        """What was answered under a key: fingerprint of the request, status and body."""
        row = self._db.execute(
            "SELECT fingerprint, status, body FROM keys "
            "WHERE scope = ? AND key = ? AND created >= ?",
            (scope, key, since),
        ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def keep_answer(self, scope: str, key: str, fingerprint: str, status: int, body: Json) -> None:
        """Remember an answer; an expired one under the same key is replaced."""
        self._db.execute(
            "INSERT OR REPLACE INTO keys (scope, key, fingerprint, status, body, created) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (scope, key, fingerprint, status, json.dumps(body), time.time()),
        )

    # events and their delivery

    def add_event(self, body: Json) -> None:
        """Store an event, due for delivery at once."""
        self._db.execute(
            "INSERT INTO events (id, type, body, next_at) VALUES (?, ?, ?, ?)",
            (body["id"], body["type"], json.dumps(body), time.time()),
        )

    def event(self, ident: str) -> Json | None:
        """One event."""
        return self._one("SELECT body FROM events WHERE id = ?", ident)

    def events(self) -> list[Json]:
        """All events, newest first."""
        return self._many("SELECT body FROM events ORDER BY seq DESC")

    def due_events(self, now: float, limit: int) -> list[tuple[str, Json, int]]:
        """Events to deliver now: id, body, tries so far."""
        rows = self._db.execute(
            "SELECT id, body, tries FROM events WHERE next_at <= ? ORDER BY seq LIMIT ?",
            (now, limit),
        )
        return [(ident, json.loads(body), tries) for ident, body, tries in rows]

    def next_due(self) -> float | None:
        """When the next delivery is due."""
        row = self._db.execute("SELECT MIN(next_at) FROM events").fetchone()
        return None if row[0] is None else float(row[0])

    def delivery_tried(self, ident: str, answer: str, next_at: float | None) -> None:
        """Note a try; without ``next_at`` it is over."""
        self._db.execute(
            "UPDATE events SET tries = tries + 1, last_answer = ?, next_at = ?, "
            "delivered_at = CASE WHEN ? LIKE '2%' THEN ? ELSE delivered_at END WHERE id = ?",
            (answer, next_at, answer, time.time(), ident),
        )

    def redeliver(self, ident: str) -> bool:
        """Make an event due again; False if there is no such event."""
        changed = self._db.execute(
            "UPDATE events SET next_at = ? WHERE id = ?", (time.time(), ident)
        )
        return changed.rowcount == 1

    def lose(self) -> int:
        """Every event that is still to be delivered never is; gives their number."""
        return self._db.execute(
            "UPDATE events SET next_at = NULL, last_answer = 'lost' WHERE next_at IS NOT NULL"
        ).rowcount

    def deliveries(self) -> list[dict[str, Any]]:
        """Every event with what became of its delivery, oldest first."""
        names = ("id", "type", "tries", "next_at", "delivered_at", "last_answer")
        rows = self._db.execute(
            f"SELECT {', '.join(names)}, body FROM events ORDER BY seq"  # noqa: S608 - fixed names
        )
        return [
            dict(zip(names, row[:-1], strict=True)) | {"about": about(json.loads(row[-1]))}
            for row in rows
        ]

    def _one(self, statement: str, *values: Any) -> Json | None:
        row = self._db.execute(statement, values).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def _many(self, statement: str, *values: Any) -> list[Json]:
        return [json.loads(row[0]) for row in self._db.execute(statement, values)]


def _bank_payout(row: tuple[str, str, str, str]) -> Json:
    ident, account, body, entries = row
    return {
        "id": ident, "account": account, "body": json.loads(body), "entries": json.loads(entries),
    }  # fmt: skip
