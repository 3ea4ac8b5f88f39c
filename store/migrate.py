"""Bring a database to the newest version; safe to run twice, at once, and on every start.

A new migration is written by Alembic from the difference between `store.tables` and a migrated
database, then read and edited by a person::

    alembic -c store/migrations/alembic.ini -x url=postgresql+psycopg://… \
        revision --autogenerate -m "Say what changes"
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, make_url, text

from domain.errors import ConfigurationError, TroupeError
from store.rights import APP_ROLE, grant_rights

MIGRATIONS = Path(__file__).parent / "migrations"

_MIGRATOR_LOCK = 7_403_112_001
"""Key of the advisory lock that lets one migrator work at a time; any number, never changed."""

_LOCK_TIMEOUT = "5s"
"""A migration that cannot get its table lock gives up and leaves the application working."""


def migrate(owner_url: str, *, app_role: str = APP_ROLE) -> None:
    """Upgrade to the newest version and give the application's role its rights.

    Args:
        owner_url: ``postgresql+psycopg://…`` of the role that owns the tables.
        app_role: the role that the application uses; must exist and be another one.

    Raises:
        ConfigurationError: the application's role does not exist, or owns the tables.
    """
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            _check_role(connection, app_role)
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATOR_LOCK})
            connection.commit()
            # The lock belongs to the connection, which ends with this block.
            _upgrade(connection, app_role)
    finally:
        engine.dispose()


def migrate_for(owner_url: str, app_url: str) -> None:
    """Upgrade, and give the rights to the role in the application's own address.

    Raises:
        ConfigurationError: the application's role does not exist, or owns the tables.
    """
    migrate(owner_url, app_role=make_url(app_url).username or APP_ROLE)


def require_newest(app_url: str) -> None:
    """Make sure that the tables fit this code, where nobody told us who may migrate them.

    Raises:
        ConfigurationError: they are of another version.
    """
    engine = create_engine(app_url)
    try:
        with engine.connect() as connection:
            there = current_version(connection)
    finally:
        engine.dispose()
    if there != newest_version():
        raise ConfigurationError(
            f"the tables are of version {there or 'none'}, this code needs {newest_version()}",
            hint="set TROUPE_DATABASE_OWNER_URL, the role that owns the tables",
        )


def _upgrade(connection: Connection, app_role: str) -> None:
    with connection.begin():
        connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        if current_version(connection) != newest_version():
            config = make_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        grant_rights(connection, app_role)


def _check_role(connection: Connection, app_role: str) -> None:
    known = connection.scalar(
        text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": app_role}
    )
    owner = connection.scalar(text("SELECT current_user"))
    connection.commit()
    if not known:
        raise ConfigurationError(
            f"the database has no role '{app_role}'",
            hint=f"create it: CREATE ROLE {app_role} LOGIN PASSWORD '…'",
        )
    if owner == app_role:
        raise ConfigurationError(
            f"'{app_role}' would own the tables and could rewrite events and ledger",
            hint="migrate as another role, by TROUPE_DATABASE_OWNER_URL",
        )


def make_config() -> Config:
    """Alembic's configuration for our migrations."""
    config = Config(MIGRATIONS / "alembic.ini")
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def newest_version() -> str | None:
    """The version that this code needs."""
    return ScriptDirectory.from_config(make_config()).get_current_head()


def current_version(connection: Connection) -> str | None:
    """The version that the database has; None if it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def main() -> None:
    """``python -m store.migrate``: for deployments; the owner's URL comes from the environment."""
    parser = argparse.ArgumentParser(prog="python -m store.migrate", description=main.__doc__)
    parser.add_argument(
        "--app-role",
        default=make_url(os.environ["TROUPE_DATABASE_URL"]).username
        if os.environ.get("TROUPE_DATABASE_URL")
        else APP_ROLE,
    )
    given = parser.parse_args()
    url = os.environ.get("TROUPE_DATABASE_OWNER_URL")
    if not url:
        sys.exit("TROUPE_DATABASE_OWNER_URL is not set: the role that owns the tables")
    try:
        migrate(url, app_role=given.app_role)
    except TroupeError as error:
        sys.exit(f"{error.message}. {error.hint}".strip())


if __name__ == "__main__":
    main()
