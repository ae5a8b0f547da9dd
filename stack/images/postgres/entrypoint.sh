#!/bin/sh
# Start PostgreSQL the way the official image does: the same variables, the same init folder.
set -eu
export PGDATA="${PGDATA:-/var/lib/postgresql/data}"
user="${POSTGRES_USER:-postgres}"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

# A first start that was cut off leaves no marker: begin it again from nothing.
if [ ! -e "$PGDATA/.initialised" ]; then
  find "$PGDATA" -mindepth 1 -delete
  secret=$(mktemp)
  printf '%s' "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD is not set}" > "$secret"
  initdb -D "$PGDATA" -U "$user" --pwfile="$secret" -A scram-sha-256 --auth-local=trust \
    --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null
  rm -f "$secret"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -w -s -o "-c listen_addresses=''" start
  [ -z "${POSTGRES_DB:-}" ] || createdb -U "$user" "$POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) . "$file" ;;
      *.sql) psql -q -v ON_ERROR_STOP=1 -U "$user" -d "${POSTGRES_DB:-postgres}" -f "$file" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -w -s -m fast stop
  touch "$PGDATA/.initialised"
fi
exec "$@" -D "$PGDATA" -c "listen_addresses=*"
