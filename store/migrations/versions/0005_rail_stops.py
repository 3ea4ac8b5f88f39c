"""A refused key stops all payments: when, why, and who let them go on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rail_stops",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("rail", sa.String(12), nullable=False, server_default="stripe"),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("key_mark", sa.String(16), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by", sa.String(40), sa.ForeignKey("staff.id"), nullable=True),
    )
    op.create_index(
        "uq_rail_stopped", "rail_stops", ["rail"], unique=True,
        postgresql_where=sa.text("resumed_at IS NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_payouts_rail_stopped", "payouts", ["pay_by", "id"],
        postgresql_where=sa.text("hold_reason = 'rail_stopped'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_payouts_rail_stopped", table_name="payouts")
    op.drop_table("rail_stops")
