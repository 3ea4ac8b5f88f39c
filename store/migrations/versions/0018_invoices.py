"""What creators say of their taxes, their mandates, and the invoices of payments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tax_profiles",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("business_number", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_tax_profiles_creator", "tax_profiles", ["creator_id", "id"])
    op.create_table(
        "invoice_mandates",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column(
            "collaboration_id", sa.String(40), sa.ForeignKey("collaborations.id"), nullable=False
        ),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.String(64), nullable=False),
        sa.Column("typed_name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_invoice_mandates", "invoice_mandates", ["collaboration_id", "id"])
    op.create_table(
        "invoices",
        sa.Column("payout_id", sa.String(40), sa.ForeignKey("payouts.id"), primary_key=True),
        sa.Column("creator_id", sa.String(40), sa.ForeignKey("creators.id"), nullable=False),
        sa.Column("series", sa.Integer(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("creator_id", "number"),
        sa.CheckConstraint("net_minor + vat_minor = gross_minor", name="invoice_adds_up"),
    )


def downgrade() -> None:
    op.drop_table("invoices")
    op.drop_table("invoice_mandates")
    op.drop_table("tax_profiles")
