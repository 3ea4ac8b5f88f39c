"""Paying by bank transfer: creators' accounts, orders, and the files for the bank."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_accounts",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_bank_accounts_creator", "bank_accounts", ["creator_id", "created_at"])
    op.create_table(
        "bank_files",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("payments", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "bank_orders",
        sa.Column("end_to_end_id", sa.String(40), primary_key=True),
        sa.Column("payout_id", sa.String(40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(40), sa.ForeignKey("bank_accounts.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("file_id", sa.String(40), sa.ForeignKey("bank_files.id"), nullable=True),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payout_id", "attempt"], ["payout_attempts.payout_id", "payout_attempts.number"]
        ),
        sa.UniqueConstraint("payout_id", "attempt"),
    )
    op.create_index("ix_bank_orders_state", "bank_orders", ["state", "ordered_at", "end_to_end_id"])
    op.create_index("ix_bank_orders_file", "bank_orders", ["file_id"])


def downgrade() -> None:
    op.drop_table("bank_orders")
    op.drop_table("bank_files")
    op.drop_table("bank_accounts")
