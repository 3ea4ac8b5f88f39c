#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: Troupe's two roles and Temporal's one.
set -eu
: "${TROUPE_DB_OWNER_PASSWORD:?set it in .env}" "${TROUPE_DB_APP_PASSWORD:?set it in .env}"
: "${TEMPORAL_DB_PASSWORD:?set it in .env}"
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner="$TROUPE_DB_OWNER_PASSWORD" --set app="$TROUPE_DB_APP_PASSWORD" \
    --set temporal="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE troupe_owner LOGIN PASSWORD :'owner';
CREATE ROLE troupe_app LOGIN PASSWORD :'app';
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal';
CREATE DATABASE troupe OWNER troupe_owner;
REVOKE ALL ON DATABASE troupe FROM PUBLIC;
GRANT CONNECT ON DATABASE troupe TO troupe_app;
SQL
