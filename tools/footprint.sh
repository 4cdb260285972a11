#!/bin/sh
# Checks the files and connections of the command line: runs it in an empty home under strace, and fails if a file is
# written outside of the documented places, or a socket is connected. Needs a build and strace.
# usage: tools/footprint.sh
set -eu
cd "$(dirname "$0")/.."
neuron_embed=$PWD/benchmark-app/target/neuron-embed/bin/neuron-embed
command -v strace >/dev/null || { echo "footprint: there is no strace (Debian: apt-get install strace)" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/tmp" "$work/here"
cd "$work/here"
echo "how tides work" >"$work/texts.txt"

traced() {
  env -i PATH="$PATH" HOME="$work/home" JAVA_HOME="${JAVA_HOME:-}" \
    NEURON_EMBED_JAVA_OPTS="-Duser.home=$work/home -Djava.io.tmpdir=$work/tmp" \
    strace -f -qq -e trace=connect,sendto,sendmsg,sendmmsg -o "$work/trace.$1" "$neuron_embed" "$@" >"$work/out" 2>"$work/err" ||
    { cat "$work/err" >&2; exit 1; }
}
traced embed "$work/texts.txt"
traced verify --backend emulator
traced bench --batch-sizes 1 --sequence-lengths 16 --n-models 1 --workers-per-model 1 --duration 1
traced doctor --emulator

status=0
# The lookup of user names uses a local socket. An internet socket is an error.
if grep -hE 'AF_INET6?' "$work"/trace.*; then
  echo "footprint: an internet socket was used" >&2
  status=1
fi
cd "$work"
written=$(find home here tmp -type f | sed -E 's#^(home/\.cache/neuron-embed|home/\.djl\.ai/tokenizers|tmp/neuron-embed-[^/]*)/.*#\1#' | sort -u)
printf '%s\n' "$written"
if printf '%s\n' "$written" | grep -vxE 'home/\.cache/neuron-embed|home/\.djl\.ai/tokenizers|tmp/neuron-embed-[^/]*'; then
  echo "footprint: there are files outside of the places that the README names" >&2
  status=1
fi
exit $status
