"""Accounts of creators at the way of paying that is not in use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recipients_aside",
        sa.Column("account_id", sa.Text(), primary_key=True),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("requirements", JSONB(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("recipients_aside")
