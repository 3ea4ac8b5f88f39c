"""What brand safety found about somebody after the selection, with evidence, engine and date."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_looks",
        sa.Column(
            "collaboration_id", sa.String(40), sa.ForeignKey("collaborations.id"), primary_key=True
        ),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("posts", sa.BigInteger(), nullable=False),
        sa.Column("newest_post_id", sa.BigInteger(), nullable=False),
        sa.Column("news", sa.Boolean(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(
        "ix_safety_looks_untold", "safety_looks", ["looked_at"],
        postgresql_where=sa.text("news AND told_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_safety_looks_untold", table_name="safety_looks")
    op.drop_table("safety_looks")
