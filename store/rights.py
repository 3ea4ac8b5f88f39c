"""What the application's role may do: add and read everywhere, and change only what must change.

Set again after every migration, from here, so that a right that was given by hand does not stay.
A table that is not spoken of here can be added to and read; a test asks for every new one.

What a row says of money, of an account or of who decided is written once: amounts, currencies,
payees of attempts, idempotency keys, campaign files and decisions are in no list below. What may
be written only once after that (a transfer's id, what became of an attempt, how a decision was
settled) is held by triggers, since rights know columns and not their values.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, text

from store.tables import APPEND_ONLY, Base

APP_ROLE = "troupe_app"

EVERYTHING = ("*",)
"""All columns: rows about people and their work, which are neither money nor proof."""

_HEAD = ("sequence", "digest")
"""The end of the event stream that the row is the read model of."""

CHANGED: Mapping[str, tuple[str, ...]] = {
    "account_matters": ("amount_minor", "changed_at", "settled_at", "settled_by", "said"),
    "balance_lines": ("matter_id",),
    "bank_orders": (
        "state", "file_id", "returned_minor", "code", "bank_reference", "return_reference",
        "confirmed_at", "confirmed_by",
    ),
    "campaigns": (*_HEAD, "status", "ended_at", "shortlist_digest", "shortlist", "report"),
    "candidates": EVERYTHING,
    "claims": (*_HEAD, "status", "updated_at"),
    "collaborations": (
        *_HEAD, "stage", "outcome", "waiting_for", "due_at", "needs_attention", "suspended",
        "delivered", "fee_minor", "draft_version", "updated_at", "ended_at",
    ),
    "creator_figures": EVERYTHING,
    "creator_posts": EVERYTHING,
    "creators": EVERYTHING,
    "credit_notes": (
        "number", "issued_on", "media_type", "content", "entered_by", "replaced_at", "booked_at",
    ),
    "decisions": ("status", "code", "settled_at"),
    "desk_sessions": EVERYTHING,
    "differences": (
        "account_id", "ours_minor", "theirs_minor", "found_at", "gone_at", "explained_at",
        "explained_by", "explanation",
    ),
    "drafts": ("version",),
    "external_events": ("dispatched_at", "applied_at", "tries", "again_at", "code"),
    "inbox_items": (
        "seen", "code", "due_at", "reminded", "escalated", "handed_over", "closed_at", "closed_by",
    ),
    "invoices": (
        "creator_id", "series", "number", "issued_on", "net_minor", "vat_minor", "gross_minor",
        "currency", "facts", "media_type", "content", "created_at",
    ),
    "onboarding_links": ("url", "expires_at"),
    "outbox": ("status", "code", "message_id", "subject", "text_body", "claimed_at", "settled_at"),
    "payout_attempts": (
        "outcome", "transfer_id", "code", "settled_at", "sender", "sending_until", "late_until",
        "credited_minor", "credited_currency",
    ),
    "payout_standings": ("ready", "since", "reminded"),
    "payouts": (
        *_HEAD, "netted_minor", "status", "hold_reason", "releases", "payee_account", "attempt",
        "sends_at", "transfer_id", "reversed_minor", "bank_status", "bank_payout_id",
        "other_payment_id", "updated_at", "shared_transfer_id", "rides",
    ),
    "rail_cursors": ("read_until",),
    "rail_stops": ("said", "key_mark", "resumed_at", "resumed_by"),
    "recipients": ("account_id", "status", "requirements", "since", "updated_at"),
    "riders": ("free_from",),
    "safety_looks": ("newest_post_id", "looked_at", "told_at"),
    "shortlist_wishes": ("number",),
    "staff": EVERYTHING,
    "staff_mails": ("status", "code", "claimed_at", "settled_at"),
}  # fmt: skip
"""Of these tables only these columns may be changed.

When an invoice or a credit note may still change is told by the triggers of its table.
"""

DELETED = frozenset(
    {
        "creator_posts",  # another text takes the place of the one that was read
        "desk_sessions",  # signed out, or over
        "payout_standings",  # nothing is to be asked any more
        "rail_balances",  # a reading takes the place of the one before
        "recipients",  # moved to the accounts aside when the brand pays by another rail,
        "recipients_aside",  # and back
    }
)
"""Tables whose rows the code takes out again; from no other one the role can."""


def rights_of(table: str) -> str:
    """The rights on a table, as SQL's GRANT writes them."""
    rights = ["SELECT", "INSERT"]
    columns = () if table in APPEND_ONLY else CHANGED.get(table, ())
    if columns:
        rights.append("UPDATE" if columns == EVERYTHING else f"UPDATE ({', '.join(columns)})")
    if table in DELETED:
        rights.append("DELETE")
    return ", ".join(rights)


def grant_rights(connection: Connection, role: str = APP_ROLE) -> None:
    """Give the role exactly its rights on every table."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"))
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {quoted}"))
    for table in Base.metadata.tables:
        connection.execute(text(f'GRANT {rights_of(table)} ON "{table}" TO {quoted}'))
