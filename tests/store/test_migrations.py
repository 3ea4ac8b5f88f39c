"""Migrations and tables agree, and the application's role cannot rewrite history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import ConfigurationError
from local.postgres import OWNER_ROLE, Server
from store.engine import session
from store.migrate import current_version, migrate, newest_version
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


@pytest.mark.parametrize("table", ["payouts", "payout_attempts", "decisions", "ledger_accounts"])
async def test_the_application_cannot_make_proof_vanish(engine: AsyncEngine, table: str) -> None:
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text(f"DELETE FROM {table}"))


async def test_the_application_cannot_unguard_an_account(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text("UPDATE ledger_accounts SET guarded = false"))


async def test_a_block_that_fails_leaves_nothing(engine: AsyncEngine) -> None:
    async def hire_and_fail() -> None:
        async with session(engine) as db:
            await builders.staff(db)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await hire_and_fail()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM staff")) == 0
