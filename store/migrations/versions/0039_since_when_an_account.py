"""Since when an account is its creator's: a new one is never paid among many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TABLES = ("recipients", "recipients_aside")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("since", sa.DateTime(timezone=True), nullable=True))
        # Nobody wrote it down: as early as it is known to have been there.
        op.execute(
            f"UPDATE {table} AS account SET since = LEAST(updated_at, "  # noqa: S608, names of ours
            "(SELECT min(first_sent_at) FROM payout_attempts "
            "WHERE payout_attempts.account_id = account.account_id), "
            "(SELECT created_at FROM bank_accounts WHERE bank_accounts.id = account.account_id))"
        )
        op.alter_column(table, "since", nullable=False)


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "since")
