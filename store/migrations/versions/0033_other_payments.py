"""How a payment was made without Troupe."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "other_payments",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payout_id", sa.String(40), sa.ForeignKey("payouts.id"), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_other_payments_payout", "other_payments", ["payout_id"])
    op.add_column("payouts", sa.Column("other_payment_id", sa.String(40)))


def downgrade() -> None:
    op.drop_column("payouts", "other_payment_id")
    op.drop_table("other_payments")
