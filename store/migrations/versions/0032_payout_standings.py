"""How creators' accounts were found at the last look, and how often they were reminded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_standings",
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), primary_key=True),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("payout_standings")
