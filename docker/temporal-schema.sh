#!/bin/sh
# Run before the Temporal server: its two databases, brought to the server's version. The tool
# reads where the database is, and the password, from its environment.
set -eu
for name in temporal temporal_visibility; do
    kind=${name#temporal_}
    temporal-sql-tool --database "$name" create-database || echo "$name is there already"
    temporal-sql-tool --database "$name" setup-schema --version 0.0 || echo "$name has tables"
    temporal-sql-tool --database "$name" update-schema \
        --schema-dir "/etc/temporal/schema/postgresql/v12/$kind/versioned"
done
