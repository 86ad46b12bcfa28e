#!/bin/bash
# Makes a new database in an empty PGDATA, then runs the server in the foreground. For test clusters: it trusts everybody.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C >/dev/null
  echo 'host all all all trust' >>"$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories="${PGSOCKETS:-/tmp}" "$@"
