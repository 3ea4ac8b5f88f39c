"""Money that was taken back at the provider after it was paid, and the payment that may follow."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payouts", sa.Column("reversed_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "payouts",
        sa.Column("again_of", sa.String(40), sa.ForeignKey("payouts.id"), nullable=True),
    )
    op.create_index(
        "ix_payouts_again_of", "payouts", ["again_of"],
        postgresql_where=sa.text("again_of IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_payouts_again_of", table_name="payouts")
    op.drop_column("payouts", "again_of")
    op.drop_column("payouts", "reversed_minor")
