#!/bin/sh
# Sets the passwords of the roles. PostgreSQL runs it once, for a new data directory, after db/migrations/owner/bootstrap.sql.
set -eu

psql --username postgres --dbname "$POSTGRES_DB" --set ON_ERROR_STOP=1 \
  --set owner="$ATRIUM_OWNER_PASSWORD" --set app="$ATRIUM_APP_PASSWORD" <<'SQL'
alter role atrium_owner password :'owner';
alter role atrium_app password :'app';
SQL
