#!/bin/sh
# Runs once, after db/migrations/owner/bootstrap.sql made the roles, when the data directory is new.
set -eu

psql --username postgres --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
  --set owner="$ATRIUM_OWNER_PASSWORD" --set app="$ATRIUM_APP_PASSWORD" <<'SQL'
alter role atrium_owner password :'owner';
alter role atrium_app password :'app';
SQL
