"""What the bank calls a booking, so that a second one is told from the same once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COLUMNS = ("bank_reference", "return_reference")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column(
            "bank_orders", sa.Column(name, sa.String(35), nullable=False, server_default="")
        )


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("bank_orders", name)
