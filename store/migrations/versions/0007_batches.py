"""Decisions that were taken together: the batch, in which each subject is decided once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decisions", sa.Column("batch", sa.String(40), nullable=True))
    op.create_index(
        "uq_decisions_batch", "decisions", ["batch", "subject_id"], unique=True,
        postgresql_where=sa.text("batch IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_decisions_batch", table_name="decisions")
    op.drop_column("decisions", "batch")
