"""What invoices are less by, and the credit notes that say so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_FOLLOWS = """
CREATE FUNCTION credit_note_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.series <> 1 + COALESCE(
        (SELECT max(series) FROM credit_notes WHERE creator_id = NEW.creator_id), 0
    ) THEN
        RAISE EXCEPTION 'the numbers of credit notes follow each other without a gap';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "invoice_credits",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("payout_id", sa.String(40), sa.ForeignKey("payouts.id"), nullable=False),
        sa.Column("share_from", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="invoice_credit_positive"),
    )
    op.create_index("ix_invoice_credits_payout", "invoice_credits", ["payout_id"])
    op.create_table(
        "credit_notes",
        sa.Column(
            "credit_id", sa.String(40), sa.ForeignKey("invoice_credits.id"), primary_key=True
        ),
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
        sa.Column("entered_by", sa.String(40), sa.ForeignKey("staff.id"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("creator_id", "number"),
        sa.UniqueConstraint("creator_id", "series", name="credit_note_series"),
        sa.CheckConstraint("net_minor + vat_minor = gross_minor", name="credit_note_adds_up"),
    )
    op.execute(_FOLLOWS)
    op.execute(
        "CREATE TRIGGER credit_note_follows BEFORE INSERT ON credit_notes "
        "FOR EACH ROW WHEN (NEW.series IS NOT NULL) EXECUTE FUNCTION credit_note_follows()"
    )


def downgrade() -> None:
    op.drop_table("credit_notes")
    op.execute("DROP FUNCTION credit_note_follows")
    op.drop_table("invoice_credits")
