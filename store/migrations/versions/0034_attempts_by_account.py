"""Attempts that may be on their way, by account: one call at a time goes to each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_attempts_open", "payout_attempts", ["account_id"],
        postgresql_where=sa.text("outcome IS NULL OR outcome = 'in_doubt'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_attempts_open", table_name="payout_attempts")
