#!/bin/sh
# Makes the gateway's user when the database is new. The roles get their rights by `ledger init`.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$GATEWAY_PASSWORD" --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" <<'SQL'
CREATE ROLE counting NOLOGIN;
CREATE ROLE keeping NOLOGIN;
CREATE ROLE gateway LOGIN PASSWORD :'password' IN ROLE counting, keeping;
SQL
