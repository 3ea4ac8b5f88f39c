"""What became of a payment's money on its way to the creator's bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("bank_status", sa.String(12), nullable=True))
    op.add_column("payouts", sa.Column("bank_payout_id", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("payouts", "bank_payout_id")
    op.drop_column("payouts", "bank_status")
