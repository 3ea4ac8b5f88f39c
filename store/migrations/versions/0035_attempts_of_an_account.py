"""Whose account money went to is found without reading every attempt that was ever made."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_attempts_account", "payout_attempts", ["account_id"])


def downgrade() -> None:
    op.drop_index("ix_attempts_account", table_name="payout_attempts")
