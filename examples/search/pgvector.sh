#!/usr/bin/env bash
# Runs the example on PostgreSQL with pgvector, twice: the server, a temporary one on the loopback interface, is restarted
# in between, and the second run embeds nothing. As root, installs what is missing: Debian's postgresql-N-pgvector, or, on
# Debian 12, which has none, Debian 13's source package built for the PostgreSQL that is there.
# usage: pgvector.sh MODEL_DIRECTORY [OPTION...] [QUESTION]      options for Maven: MAVEN_ARGS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
work=$(mktemp -d)
user=(env)

installed() {
  # The newest version with the extension.
  find /usr/share/postgresql -name vector.control 2>/dev/null | sort -V | tail -1
}
build() {
  # Reads a package list of its own, so that no later apt-get sees Debian 13.
  mkdir -p "$work/apt/lists/partial" "$work/source"
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | head -1)
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/apt/sources.list"
  local options=(-q -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$work/apt/lists" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  (cd "$work/source" && apt-get "${options[@]}" source pgvector)
  make -C "$work"/source/pgvector-*/ "PG_CONFIG=/usr/lib/postgresql/$version/bin/pg_config" with_llvm=no OPTFLAGS= \
    all install
}
install_pgvector() {
  export DEBIAN_FRONTEND=noninteractive
  local get=(apt-get -q install -y --no-install-recommends)
  apt-get -q update
  "${get[@]}" postgresql
  local version
  version=$(basename "$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 | sort -V | tail -1)")
  if ! "${get[@]}" "postgresql-$version-pgvector"; then
    "${get[@]}" "postgresql-server-dev-$version" dpkg-dev gcc make libc6-dev debian-archive-keyring
    build
  fi
}
# In a folder that the server's user may enter.
as_server() {
  (cd "$work" && "${user[@]}" "$@")
}
pg_ctl() {
  as_server "$bin/pg_ctl" --silent --wait --pgdata="$work/data" --log="$work/server.log" "$@"
}
stop() {
  [ ! -f "$work/data/postmaster.pid" ] || pg_ctl --mode=fast stop || true
  rm -rf "$work"
}
run() {
  "$here/../../mvnw" --batch-mode --no-transfer-progress --quiet --file "$here" -Pneuron compile exec:java \
    "-Dexec.args=$arguments --store pgvector --url jdbc:postgresql://127.0.0.1:$port/postgres?user=search&password=$password"
}

trap stop EXIT
if [ -z "$(installed)" ]; then
  [ "$(id -u)" = 0 ] || { echo "pgvector.sh: install postgresql-N-pgvector, or run this as root" >&2; exit 1; }
  install_pgvector >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; exit 1; }
fi
bin=/usr/lib/postgresql/$(basename "$(dirname "$(dirname "$(installed)")")")/bin
if [ "$(id -u)" = 0 ]; then # The server refuses to run as root.
  user=(runuser -u postgres --)
  chown postgres "$work"
fi

arguments=$*
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "$password" >"$work/password"
as_server "$bin/initdb" --pgdata="$work/data" --username=search --auth=scram-sha-256 \
  --pwfile=/dev/stdin --encoding=UTF8 --locale=C <"$work/password" >/dev/null
for port in $(shuf -i 49152-65535 -n 5) none; do
  [ "$port" != none ] || { cat "$work/server.log" >&2; exit 1; }
  ! pg_ctl --options="-p $port -c listen_addresses=127.0.0.1 -k $work" start || break
done
echo "server: $("$bin/postgres" --version), pgvector $(sed -n "s/^default_version = '\(.*\)'/\1/p" "$(installed)")"
run
pg_ctl --options="-p $port -c listen_addresses=127.0.0.1 -k $work" --mode=fast restart
echo "--- after a restart"
run
