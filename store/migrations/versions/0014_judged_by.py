"""Which engine gave a candidate's brand-safety verdict, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "candidates", sa.Column("judged_by", sa.Text(), nullable=False, server_default="")
    )
    op.alter_column("candidates", "judged_by", server_default=None)
    op.add_column("candidates", sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("candidates", "judged_at")
    op.drop_column("candidates", "judged_by")
