#!/bin/sh
# Runs a command with settings that stand in files of their name, as Docker secrets do, in $KEYS_DIR:
#   with-keys.sh JWT_KEYS SECRET_KEY -- bun src/server.ts
# What the environment already sets wins.
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
