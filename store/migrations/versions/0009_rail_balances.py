"""What the provider holds for the brand, as it was last read; and attempts by when they ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rail_balances",
        sa.Column("rail", sa.String(12), primary_key=True, server_default="stripe"),
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("available_minor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_attempts_settled", "payout_attempts", ["settled_at"])


def downgrade() -> None:
    op.drop_index("ix_attempts_settled", table_name="payout_attempts")
    op.drop_table("rail_balances")
