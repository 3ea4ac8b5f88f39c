"""PostgreSQL through SQLAlchemy: tables, repositories, ledger, migrations. All SQL is here."""
