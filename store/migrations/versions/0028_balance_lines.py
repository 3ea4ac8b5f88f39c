"""Lines of the balance at the provider, how far they were read, and its fees in the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balance_lines",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("type", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("payout_id", sa.String(40)),
        sa.Column("meaning", sa.String(20), nullable=False),
        sa.Column("matter_id", sa.String(40), sa.ForeignKey("account_matters.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_balance_lines_matter", "balance_lines", ["matter_id", "created_at", "id"])
    op.create_table(
        "rail_cursors",
        sa.Column("rail", sa.String(12), primary_key=True, server_default="stripe"),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
    )
    op.alter_column("ledger_accounts", "campaign_id", nullable=True)
    op.alter_column("ledger_transactions", "campaign_id", nullable=True)
    op.create_index(
        "uq_ledger_accounts_of_all",
        "ledger_accounts",
        ["name", "owner_id", "currency"],
        unique=True,
        postgresql_where=sa.text("campaign_id IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_ledger_accounts_of_all", table_name="ledger_accounts")
    op.execute(
        "DELETE FROM ledger_entries WHERE transaction_id IN "
        "(SELECT id FROM ledger_transactions WHERE campaign_id IS NULL)"
    )
    op.execute("DELETE FROM ledger_transactions WHERE campaign_id IS NULL")
    op.execute("DELETE FROM ledger_accounts WHERE campaign_id IS NULL")
    op.alter_column("ledger_transactions", "campaign_id", nullable=False)
    op.alter_column("ledger_accounts", "campaign_id", nullable=False)
    op.drop_table("rail_cursors")
    op.drop_table("balance_lines")
