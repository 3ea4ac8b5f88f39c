"""Payments that are too small to be sent alone, and go along with later ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("shared_transfer_id", sa.Text()))
    op.add_column(
        "payouts", sa.Column("rides", sa.Boolean(), nullable=False, server_default="false")
    )
    op.create_index(
        "ix_payouts_rides", "payouts", ["creator_id"], postgresql_where=sa.text("rides")
    )
    op.create_index(
        "ix_payouts_shared_transfer", "payouts", ["shared_transfer_id"],
        postgresql_where=sa.text("shared_transfer_id IS NOT NULL"),
    )  # fmt: skip
    op.execute(
        "CREATE TRIGGER shared_once BEFORE UPDATE OF shared_transfer_id ON payouts "
        "FOR EACH ROW EXECUTE FUNCTION written_once('shared_transfer_id')"
    )
    op.create_table(
        "riders",
        sa.Column("payout_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("rider_id", sa.String(40), sa.ForeignKey("payouts.id"), primary_key=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("free_from", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["payout_id", "number"], ["payout_attempts.payout_id", "payout_attempts.number"]
        ),
        sa.CheckConstraint("amount_minor > 0", name="rider_amount_positive"),
    )
    op.create_index("ix_riders_rider", "riders", ["rider_id"])
    op.create_index(
        "uq_rider_rides_once", "riders", ["rider_id"], unique=True,
        postgresql_where=sa.text("free_from IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("riders")
    op.execute("DROP TRIGGER shared_once ON payouts")
    op.drop_index("ix_payouts_shared_transfer", table_name="payouts")
    op.drop_index("ix_payouts_rides", table_name="payouts")
    op.drop_column("payouts", "rides")
    op.drop_column("payouts", "shared_transfer_id")
