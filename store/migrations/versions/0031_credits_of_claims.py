"""Invoices are less by what came back of a claim as well."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "invoice_credits",
        sa.Column("claim_id", sa.String(40), sa.ForeignKey("claims.id"), nullable=True),
    )
    op.add_column("invoice_credits", sa.Column("posting", sa.Text(), nullable=True))
    op.create_index(
        "ix_invoice_credits_posting", "invoice_credits", ["posting"],
        postgresql_where=sa.text("posting IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_invoice_credits_posting", table_name="invoice_credits")
    op.drop_column("invoice_credits", "posting")
    op.drop_column("invoice_credits", "claim_id")
