"""Who may send an attempt to pay, and for how long."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payout_attempts",
        sa.Column("sender", sa.String(length=32), nullable=False, server_default=""),
    )
    op.alter_column("payout_attempts", "sender", server_default=None)
    for name in ("sending_until", "late_until"):
        op.add_column("payout_attempts", sa.Column(name, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("late_until", "sending_until", "sender"):
        op.drop_column("payout_attempts", name)
