"""What arrived in a creator's account; and takings back are found without reading the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payout_attempts", sa.Column("credited_minor", sa.BigInteger(), nullable=True))
    op.add_column("payout_attempts", sa.Column("credited_currency", sa.String(3), nullable=True))
    op.create_index(
        "ix_ledger_taken_back",
        "ledger_transactions",
        ["payout_id", "id"],
        postgresql_where=sa.text("kind = 'take_back'"),
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_taken_back", "ledger_transactions")
    op.drop_column("payout_attempts", "credited_currency")
    op.drop_column("payout_attempts", "credited_minor")
