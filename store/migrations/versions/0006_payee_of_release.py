"""A release is for the account that the creator had then; a payment keeps which one that was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payouts", sa.Column("payee_account", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("payouts", "payee_account")
