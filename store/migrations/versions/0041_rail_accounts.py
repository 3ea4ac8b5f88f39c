"""From which account at the provider payments are made, so that no key of another one is used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rail_accounts",
        sa.Column("place", sa.String(12), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("named_by", sa.String(40), sa.ForeignKey("staff.id")),
    )


def downgrade() -> None:
    op.drop_table("rail_accounts")
