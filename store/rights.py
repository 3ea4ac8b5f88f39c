"""What the application's role may do: nothing that rewrites history.

Set again after every migration, from the tables themselves, so that a new table cannot be
forgotten and a right that was given by hand does not stay.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from store.tables import APPEND_ONLY, Base

APP_ROLE = "troupe_app"

NEVER_DELETED = frozenset(
    {
        "decisions",
        "payouts",
        "payout_attempts",
        "bank_orders",
        "invoices",
        "credit_notes",
        "rail_stops",
        "account_matters",
        "balance_lines",
        "ledger_accounts",
        "comparisons",
        "differences",
    }
)
"""Rows that are the proof of a decision or of a payment: they change, they do not vanish.

When an invoice or a credit note may still change is told by the triggers of its table.
"""

UPDATED_COLUMNS = {
    "ledger_accounts": ("balance_minor",),
    "credit_notes": (
        "number", "issued_on", "media_type", "content", "entered_by", "replaced_at", "booked_at",
    ),
}  # fmt: skip
"""Tables of which only these columns may be changed."""


def rights_of(table: str) -> str:
    """The rights on a table, as SQL's GRANT writes them."""
    if table in APPEND_ONLY:
        return "SELECT, INSERT"
    columns = UPDATED_COLUMNS.get(table)
    update = f"UPDATE ({', '.join(columns)})" if columns else "UPDATE"
    return f"SELECT, INSERT, {update}" + ("" if table in NEVER_DELETED else ", DELETE")


def grant_rights(connection: Connection, role: str = APP_ROLE) -> None:
    """Give the role exactly its rights on every table."""
    quoted = connection.dialect.identifier_preparer.quote(role)
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {quoted}"))
    connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}"))
    connection.execute(text(f"GRANT SELECT ON alembic_version TO {quoted}"))
    for table in Base.metadata.tables:
        connection.execute(text(f'GRANT {rights_of(table)} ON "{table}" TO {quoted}'))
