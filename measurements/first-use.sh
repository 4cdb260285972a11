#!/bin/sh
# The waiting time of a new user: to the first vector and to the end of quickstart.sh in a fresh clone with nothing
# downloaded, and the size of the downloads. Needs git; downloads about 430 MB.
# usage: measurements/first-use.sh [FOLDER]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$root/target/first-use}
[ $# -eq 0 ] || [ ! -e "$work" ] || { echo "first-use: $work exists; name a folder that does not" >&2; exit 2; }
rm -rf "$work"
mkdir -p "$work"
git clone --quiet "$root" "$work/clone"
export MAVEN_USER_HOME="$work/maven" MAVEN_ARGS="-Dmaven.repo.local=$work/repository" NEURON_EMBED_CACHE="$work/cache"
start=$(date +%s)
{ "$work/clone/quickstart.sh" 2>"$work/err" || touch "$work/failed"; } | while IFS= read -r line; do
  case $line in *'"id":"tides"'*) echo "first vector after $(($(date +%s) - start)) s" ;; esac
done
[ ! -e "$work/failed" ] || { cat "$work/err" >&2; exit 1; }
echo "all of quickstart.sh after $(($(date +%s) - start)) s"
du -sm "$work/repository" "$work/maven" "$work/cache" | sed "s|$work/||"
