"""What a manager changes in a shortlist before signing it off, with the reasons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shortlist_wishes",
        sa.Column("change_id", sa.String(40), primary_key=True),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), primary_key=True),
        sa.Column("campaign_id", sa.String(40), sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("wish", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("other_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=True),
        sa.Column("staff_id", sa.String(40), sa.ForeignKey("staff.id"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
    )
    op.create_index(
        "ix_shortlist_wishes_campaign", "shortlist_wishes", ["campaign_id", "creator_id", "number"]
    )


def downgrade() -> None:
    op.drop_table("shortlist_wishes")
