"""Followers day by day, and what is kept of the comments under posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "creator_figures",
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), primary_key=True),
        sa.Column("seen_on", sa.Date(), primary_key=True),
        sa.Column("followers", sa.BigInteger(), nullable=False),
        sa.Column("engagement_ppm", sa.BigInteger(), nullable=True),
    )
    op.execute(
        "INSERT INTO creator_figures (creator_id, seen_on, followers, engagement_ppm) "
        "SELECT id, (updated_at AT TIME ZONE 'UTC')::date, followers, engagement_ppm FROM creators"
    )
    op.add_column("creator_posts", sa.Column("comment_marks", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("creator_posts", "comment_marks")
    op.drop_table("creator_figures")
