"""Invoices stay as they were issued: the database itself refuses to change them."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Rights cannot tell the two kinds of rows apart: what a creator handed in may be replaced as long
# as nobody has released the payment, what the brand issued may never.
_STAYS = """
CREATE FUNCTION invoice_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.series IS NOT NULL THEN
        RAISE EXCEPTION 'an invoice that was issued is never changed';
    END IF;
    IF NEW.series IS NOT NULL OR NEW.payout_id <> OLD.payout_id THEN
        RAISE EXCEPTION 'an invoice that was handed in stays that of its payment';
    END IF;
    IF NOT EXISTS (
        SELECT FROM payouts WHERE id = OLD.payout_id AND status = 'requested' AND releases = 0
    ) THEN
        RAISE EXCEPTION 'the invoice of a payment that was released is never changed';
    END IF;
    RETURN NEW;
END
$$
"""

_FOLLOWS = """
CREATE FUNCTION invoice_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.series <> 1 + COALESCE(
        (SELECT max(series) FROM invoices WHERE creator_id = NEW.creator_id), 0
    ) THEN
        RAISE EXCEPTION 'the numbers of invoices follow each other without a gap';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.create_unique_constraint("invoice_series", "invoices", ["creator_id", "series"])
    op.execute(_STAYS)
    op.execute(
        "CREATE TRIGGER invoice_stays BEFORE UPDATE ON invoices "
        "FOR EACH ROW EXECUTE FUNCTION invoice_stays()"
    )
    op.execute(_FOLLOWS)
    op.execute(
        "CREATE TRIGGER invoice_follows BEFORE INSERT ON invoices "
        "FOR EACH ROW WHEN (NEW.series IS NOT NULL) EXECUTE FUNCTION invoice_follows()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER invoice_follows ON invoices")
    op.execute("DROP FUNCTION invoice_follows")
    op.execute("DROP TRIGGER invoice_stays ON invoices")
    op.execute("DROP FUNCTION invoice_stays")
    op.drop_constraint("invoice_series", "invoices")
