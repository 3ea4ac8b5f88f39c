"""The ledger guards itself: sums come to zero, balances follow entries, nothing is dated back."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# What the functions below may do, the application's role may not: they run as the tables' owner.
_AS_OWNER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS"

# A function of its own, so that tests can move the time of what they book.
_CLOCK = """
CREATE FUNCTION ledger_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
AS 'SELECT clock_timestamp()'
"""

# Whoever writes shares a lock until the end of the transaction. Who reads what was written until a
# moment takes it alone for an instant, and so waits for those who have their date and are not
# done (store/ledger_clock.py).
_DATED = f"""
CREATE FUNCTION ledger_dated() RETURNS trigger {_AS_OWNER} $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7238012);
    NEW.at := GREATEST(NEW.at, ledger_clock());
    RETURN NEW;
END
$$
"""

_LOCK = f"""
CREATE FUNCTION ledger_lock(accounts bigint[]) RETURNS void {_AS_OWNER} $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7238012);
    PERFORM FROM ledger_accounts WHERE id = ANY (accounts) ORDER BY name, owner_id FOR UPDATE;
END
$$
"""

_POSTED = """
CREATE FUNCTION ledger_posted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    SELECT t.key INTO wrong
      FROM (SELECT DISTINCT transaction_id FROM added) AS written
      JOIN ledger_transactions t ON t.id = written.transaction_id
      JOIN ledger_entries e ON e.transaction_id = t.id
      JOIN ledger_accounts a ON a.id = e.account_id
     GROUP BY t.id
    HAVING sum(e.signed_minor) <> 0
        OR sum(GREATEST(e.signed_minor, 0)) <> t.amount_minor
        OR bool_or(a.currency <> t.currency OR a.campaign_id IS DISTINCT FROM t.campaign_id)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the entries of % are not what it moves', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_fit';
    END IF;
    UPDATE ledger_accounts a SET balance_minor = a.balance_minor + s.change
      FROM (
        SELECT b.id, sum(CASE b.normal WHEN 'debit' THEN n.signed_minor ELSE -n.signed_minor END)
               AS change
          FROM added n JOIN ledger_accounts b ON b.id = n.account_id
         GROUP BY b.id
      ) AS s
     WHERE a.id = s.id;
    RETURN NULL;
END
$$
"""

_WHOLE = """
CREATE FUNCTION ledger_whole() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entries WHERE transaction_id = NEW.id) THEN
        RAISE EXCEPTION '% has no entries', NEW.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entries_fit';
    END IF;
    RETURN NULL;
END
$$
"""

_CONTRA = "'funding', 'creator_receivable', 'recovered', 'provider_fees'"
"""As `store.accounts.CONTRA`."""

_CHECKS = {
    "account_side": f"(normal = 'debit') = (name IN ({_CONTRA}))",
    "account_guarded": f"guarded = (name NOT IN ({_CONTRA}, 'charged'))",
}

_EMPTY = """
CREATE FUNCTION ledger_empty() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an account begins with nothing'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'account_begins_empty';
END
$$
"""


def upgrade() -> None:
    for function in (_CLOCK, _DATED, _LOCK, _POSTED, _WHOLE, _EMPTY):
        op.execute(function)
    for name, rule in _CHECKS.items():
        op.create_check_constraint(name, "ledger_accounts", rule)
    op.execute(
        "CREATE TRIGGER ledger_empty BEFORE INSERT ON ledger_accounts "
        "FOR EACH ROW WHEN (NEW.balance_minor <> 0) EXECUTE FUNCTION ledger_empty()"
    )
    op.execute(
        "CREATE TRIGGER ledger_dated BEFORE INSERT ON ledger_transactions "
        "FOR EACH ROW EXECUTE FUNCTION ledger_dated()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER ledger_whole AFTER INSERT ON ledger_transactions "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_whole()"
    )
    op.execute(
        "CREATE TRIGGER ledger_posted AFTER INSERT ON ledger_entries "
        "REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_posted()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER ledger_posted ON ledger_entries")
    op.execute("DROP TRIGGER ledger_whole ON ledger_transactions")
    op.execute("DROP TRIGGER ledger_dated ON ledger_transactions")
    op.execute("DROP TRIGGER ledger_empty ON ledger_accounts")
    for name in _CHECKS:
        op.drop_constraint(name, "ledger_accounts", type_="check")
    for function in (
        "ledger_empty()", "ledger_whole()", "ledger_posted()", "ledger_lock(bigint[])",
        "ledger_dated()", "ledger_clock()",
    ):  # fmt: skip
        op.execute(f"DROP FUNCTION {function}")
