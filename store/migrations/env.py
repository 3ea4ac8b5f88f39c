"""Where Alembic meets our tables: the connection comes from the caller."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from store.tables import Base


def run_with(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        user_module_prefix="",
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run_with(given)
else:
    engine = create_engine(context.get_x_argument(as_dictionary=True)["url"])
    with engine.begin() as opened:
        run_with(opened)
    engine.dispose()
