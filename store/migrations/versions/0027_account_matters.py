"""What is held back at the provider, and what is the matter with the brand's own account there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "rail_balances",
        sa.Column("reserved_minor", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "account_matters",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by", sa.String(40), sa.ForeignKey("staff.id")),
        sa.Column("said", sa.Text(), nullable=False, server_default=""),
    )
    op.create_index(
        "uq_account_matter_open",
        "account_matters",
        ["code", "currency"],
        unique=True,
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.alter_column("inbox_items", "campaign_id", nullable=True)


def downgrade() -> None:
    op.execute("DELETE FROM inbox_items WHERE campaign_id IS NULL")
    op.alter_column("inbox_items", "campaign_id", nullable=False)
    op.drop_table("account_matters")
    op.drop_column("rail_balances", "reserved_minor")
