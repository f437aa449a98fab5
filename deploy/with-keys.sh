#!/bin/sh
# Runs a command with settings read from files in $KEYS_DIR that have the names of the settings, as Docker secrets do:
#   with-keys.sh JWT_KEYS SECRET_KEY -- bun src/server.ts
# A setting that is already in the environment is kept.
set -eu

while [ "$1" != -- ]; do
  if [ -z "$(printenv "$1" || true)" ]; then
    value=$(cat "${KEYS_DIR:-/run/keys}/$1")
    export "$1=$value"
  fi
  shift
done
shift
exec "$@"
