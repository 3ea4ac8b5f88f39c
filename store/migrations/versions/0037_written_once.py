"""What became of a payment or a decision is written once: the database refuses a second answer."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# Rights say which columns may change, not from what to what.
_ONCE = """
CREATE FUNCTION written_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    name text;
    was text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        was := to_jsonb(OLD) ->> name;
        IF COALESCE(was, '') <> '' AND was IS DISTINCT FROM to_jsonb(NEW) ->> name THEN
            RAISE EXCEPTION '% of % is written once', name, TG_TABLE_NAME;
        END IF;
    END LOOP;
    RETURN NEW;
END
$$
"""

_SETTLED = """
CREATE FUNCTION settled_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % has its answer and keeps it', TG_TABLE_NAME;
END
$$
"""

_COLUMNS = {
    "payouts": ("transfer_id",),
    "payout_attempts": ("transfer_id", "credited_minor", "credited_currency"),
    "bank_orders": ("file_id", "bank_reference", "return_reference"),
}

_ANSWERS = {
    "decisions": ("status, code, settled_at", "OLD.status <> 'submitted'"),
    "payout_attempts": (
        "outcome", "OLD.outcome = 'transferred' AND NEW.outcome IS DISTINCT FROM OLD.outcome",
    ),
}  # fmt: skip


def upgrade() -> None:
    op.execute(_ONCE)
    op.execute(_SETTLED)
    for table, columns in _COLUMNS.items():
        names = ", ".join(f"'{each}'" for each in columns)
        op.execute(
            f"CREATE TRIGGER written_once BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION written_once({names})"
        )
    for table, (changed, answered) in _ANSWERS.items():
        op.execute(
            f"CREATE TRIGGER settled_once BEFORE UPDATE OF {changed} ON {table} "
            f"FOR EACH ROW WHEN ({answered}) EXECUTE FUNCTION settled_once()"
        )


def downgrade() -> None:
    for table in _ANSWERS:
        op.execute(f"DROP TRIGGER settled_once ON {table}")
    for table in _COLUMNS:
        op.execute(f"DROP TRIGGER written_once ON {table}")
    op.execute("DROP FUNCTION settled_once")
    op.execute("DROP FUNCTION written_once")
