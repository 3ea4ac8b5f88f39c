"""A series of its own for each brand that issues a creator's invoices, and for its credit notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_TABLES = {"invoices": "invoice", "credit_notes": "credit_note"}


_FOLLOWS = """
CREATE OR REPLACE FUNCTION {name}_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.series <> 1 + COALESCE((SELECT max(series) FROM {table} WHERE {within}), 0) THEN
        RAISE EXCEPTION 'numbers of {table} follow each other without a gap';
    END IF;
    RETURN NEW;
END
$$
"""

_ISSUERS = """
UPDATE {table} SET issuer = replace(facts->>'customer_number', ' ', '') WHERE series IS NOT NULL
"""


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("issuer", sa.Text(), nullable=True))
    op.execute("ALTER TABLE invoices DISABLE TRIGGER invoice_stays")
    for table, name in _TABLES.items():
        op.execute(_ISSUERS.format(table=table))
        op.drop_constraint(f"{name}_series", table)
        op.create_unique_constraint(f"{name}_series", table, ["creator_id", "issuer", "series"])
        op.create_check_constraint(f"{name}_issuer", table, "(issuer IS NULL) = (series IS NULL)")
        within = "creator_id = NEW.creator_id AND issuer = NEW.issuer"
        op.execute(_FOLLOWS.format(table=table, name=name, within=within))
    op.execute("ALTER TABLE invoices ENABLE TRIGGER invoice_stays")


def downgrade() -> None:
    for table, name in _TABLES.items():
        op.execute(_FOLLOWS.format(table=table, name=name, within="creator_id = NEW.creator_id"))
        op.drop_constraint(f"{name}_issuer", table)
        op.drop_constraint(f"{name}_series", table)
        op.create_unique_constraint(f"{name}_series", table, ["creator_id", "series"])
        op.drop_column(table, "issuer")
