#!/usr/bin/env bash
# Builds the commit twice, in two folders of different names, and compares every published jar.
#   usage: tools/release/reproducible.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=${1:-$root/target/reproducible}
rm -rf "$work"
mkdir -p "$work"
for name in first a-second-of-another-length; do
  git clone --quiet --no-hardlinks "$root" "$work/$name"
  (cd "$work/$name" && ./mvnw --batch-mode --no-transfer-progress --quiet -DskipTests -Prelease package) \
    >"$work/$name.log" 2>&1 || { tail -30 "$work/$name.log" >&2; exit 1; }
  (cd "$work/$name" && find . -path '*/target/neuron-embed*.jar' -not -path '*/neuron-embed/lib/*' -print0 \
    | sort -z | xargs -0 sha256sum) >"$work/$name.sha256"
done
count=$(wc -l <"$work/first.sha256")
[ "$count" -gt 0 ] || { echo "no jars were built" >&2; exit 1; }
if ! diff "$work/first.sha256" "$work/a-second-of-another-length.sha256"; then
  for jar in $(diff "$work/first.sha256" "$work/a-second-of-another-length.sha256" | sed -n 's/^< [0-9a-f]*  //p'); do
    echo "$jar differs in:"
    diff <(unzip -v "$work/first/$jar") <(unzip -v "$work/a-second-of-another-length/$jar") | sed -n 's/^< /  /p'
  done
  exit 1
fi
echo "$count jars are the same, bit for bit"
