"""Money that creators were sent in no payment's name, and what people said that it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("account_id", sa.Text(), nullable=False, server_default=""),
        sa.Column("explained_at", sa.DateTime(timezone=True)),
        sa.Column("explained_by", sa.String(40), sa.ForeignKey("staff.id")),
        sa.Column("explanation", sa.Text(), nullable=False, server_default=""),
    ):
        op.add_column("differences", column)


def downgrade() -> None:
    for name in ("explanation", "explained_by", "explained_at", "account_id"):
        op.drop_column("differences", name)
