"""Migrations and tables agree, and the application's role cannot rewrite history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import BonusChoice
from domain.errors import ConfigurationError
from local.postgres import OWNER_ROLE, Server
from store.engine import session
from store.migrate import current_version, migrate, newest_version
from store.rights import APP_ROLE, CHANGED, DELETED
from store.tables import APPEND_ONLY, Base
from tests import builders
from tests.conftest import Database


def test_the_migrations_make_exactly_the_tables(own_database: Database) -> None:
    engine = create_engine(own_database.owner_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert _differences(compare_metadata(context, Base.metadata)) == []
        assert current_version(connection) == newest_version()
    engine.dispose()


def _differences(found: list[Any]) -> list[Any]:
    """Without indexes on expressions, which Alembic cannot compare and so removes and adds."""
    changes = [(change[0], getattr(change[-1], "name", "")) for change in found]
    both = {
        name
        for what, name in changes
        if what == "remove_index" and ("add_index", name) in changes and name in _EXPRESSIONS
    }
    return [change for change in found if getattr(change[-1], "name", "") not in both]


_EXPRESSIONS = {
    index.name
    for table in Base.metadata.tables.values()
    for index in table.indexes
    if any(not isinstance(part, Column) for part in index.expressions)
}


def test_two_migrators_at_once_do_not_collide(
    postgres_server: Server, administrator: psycopg.Connection
) -> None:
    administrator.execute(f"CREATE DATABASE test_two_migrators OWNER {OWNER_ROLE}")
    url = postgres_server.credentials.owner_url(postgres_server.port, "test_two_migrators")
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(migrate, url) for _ in range(4)]:
            done.result()
    with create_engine(url).connect() as connection:
        assert current_version(connection) == newest_version()


def test_the_application_cannot_own_its_tables(own_database: Database) -> None:
    with pytest.raises(ConfigurationError, match="could rewrite"):
        migrate(own_database.app_url)


def test_a_missing_role_is_named(own_database: Database) -> None:
    with pytest.raises(ConfigurationError, match="no role 'nobody_here'"):
        migrate(own_database.owner_url, app_role="nobody_here")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {} = {}", "TRUNCATE {}"])
async def test_the_application_cannot_rewrite_history(
    engine: AsyncEngine, table: str, statement: str
) -> None:
    column = next(iter(Base.metadata.tables[table].columns)).name
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text(statement.format(table, column, column)))


def test_each_table_was_thought_about() -> None:
    unsaid = set(Base.metadata.tables) - set(APPEND_ONLY) - set(CHANGED) - DELETED
    assert unsaid == set(), "say in store/rights.py what of a new table may be changed"
    assert set(APPEND_ONLY) & (set(CHANGED) | DELETED) == set()


async def test_the_database_grants_what_the_table_of_rights_says_and_no_more(
    engine: AsyncEngine,
) -> None:
    columns = "SELECT table_name, column_name FROM information_schema.column_privileges"
    changed = text(f"{columns} WHERE grantee = '{APP_ROLE}' AND privilege_type = 'UPDATE'")
    deleted = text(
        "SELECT table_name FROM information_schema.table_privileges "
        f"WHERE grantee = '{APP_ROLE}' AND privilege_type = 'DELETE'"
    )
    expected = {
        (table, column)
        for table, names in CHANGED.items()
        for column in (Base.metadata.tables[table].columns.keys() if "*" in names else names)
    }
    async with engine.connect() as connection:
        assert {tuple(row) for row in await connection.execute(changed)} == expected
        assert set(await connection.scalars(deleted)) == DELETED


FORBIDDEN = {
    "payouts": "amount_minor = 90000|currency = 'JPY'|creator_id = 'x'|kind = 'bonus'|id = 'x'",
    "payout_attempts": "amount_minor = 1|account_id = 'x'|key = 'x'|request_hash = 'x'",
    "bank_orders": "amount_minor = 1|account_id = 'x'|end_to_end_id = 'x'",
    "decisions": "actor_id = 'x'|comment = 'x'|choice = '{}'|seen = 'x'|subject_id = 'x'",
    "campaigns": "file = '{}'|budget_minor = 1|currency = 'JPY'|started_by = NULL",
    "collaborations": "creator_id = 'x'|currency = 'JPY'|quoted_minor = 1",
    "claims": "amount_minor = 1|creator_id = 'x'|decision_id = 'x'",
    "recipients": "creator_id = 'x'",
    "external_events": "payload = '{}'|event_id = 'x'",
    "inbox_items": "role = 'x'|kind = 'x'|opened_at = now()",
    "ledger_accounts": "balance_minor = 1|guarded = false|normal = 'debit'|currency = 'JPY'",
}
"""What a program that has taken over the application could have written, by its table."""


async def test_the_application_cannot_change_what_money_goes_by(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        for table, changes in FORBIDDEN.items():
            for change in changes.split("|"):
                with pytest.raises(ProgrammingError, match="permission denied"):
                    await connection.execute(text(f"UPDATE {table} SET {change}"))
                await connection.rollback()
        for table in sorted(set(FORBIDDEN) - DELETED):
            with pytest.raises(ProgrammingError, match="permission denied"):
                await connection.execute(text(f"DELETE FROM {table}"))
            await connection.rollback()


async def test_what_became_of_a_payment_or_a_decision_is_written_once(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
        await builders.attempt(db, payout)
        of, who = await builders.collaboration(db), await builders.staff(db)
        await builders.decision(db, of, who, BonusChoice(amount_minor=1), comment="Well.")
    paid = "outcome = 'transferred', transfer_id = 'tr_1', credited_minor = 7"
    once = {
        "payouts": ("transfer_id = 'tr_1'", "transfer_id = 'tr_2'|transfer_id = NULL"),
        "payout_attempts": (
            paid, "transfer_id = 'tr_2'|outcome = NULL|outcome = 'refused'|credited_minor = 8",
        ),
        "decisions": ("status = 'applied'", "status = 'submitted'|code = 'x'|settled_at = now()"),
    }  # fmt: skip
    async with engine.connect() as connection:
        for table, (first, again) in once.items():
            await connection.execute(text(f"UPDATE {table} SET {first}"))
            await connection.commit()
            for change in again.split("|"):
                with pytest.raises(DBAPIError, match=r"is written once|keeps it"):
                    await connection.execute(text(f"UPDATE {table} SET {change}"))
                await connection.rollback()


async def test_a_block_that_fails_leaves_nothing(engine: AsyncEngine) -> None:
    async def hire_and_fail() -> None:
        async with session(engine) as db:
            await builders.staff(db)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await hire_and_fail()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM staff")) == 0
