"""A credit note that was handed in may be replaced until a file for the books names it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Rights cannot tell the two kinds of rows apart, as with invoices. Those that are there already
# may stand in a file that somebody took.
_STAYS = """
CREATE FUNCTION credit_note_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.series IS NOT NULL THEN
        RAISE EXCEPTION 'a credit note that was issued is never changed';
    END IF;
    IF OLD.booked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a credit note that the books name is never changed';
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.add_column("credit_notes", sa.Column("replaced_at", sa.DateTime(timezone=True)))
    op.add_column("credit_notes", sa.Column("booked_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE credit_notes SET booked_at = created_at WHERE series IS NULL")
    op.execute(_STAYS)
    op.execute(
        "CREATE TRIGGER credit_note_stays BEFORE UPDATE ON credit_notes "
        "FOR EACH ROW EXECUTE FUNCTION credit_note_stays()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER credit_note_stays ON credit_notes")
    op.execute("DROP FUNCTION credit_note_stays")
    op.drop_column("credit_notes", "booked_at")
    op.drop_column("credit_notes", "replaced_at")
