#!/usr/bin/env bash
# Builds the commit twice, in two folders with different names, and compares all jars. One file may differ (see
# docs/releasing.md): the library with the JNI code that JavaCPP generates. It may differ only in the order of that code.
#   usage: tools/release/reproducible.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=${1:-$root/target/reproducible}
[ $# -eq 0 ] || [ ! -e "$work" ] || { echo "reproducible: $work exists; name a folder that does not" >&2; exit 2; }
first=$work/first
second=$work/a-second-of-another-length
jni=native/target/generated-sources/jni

rm -rf "$work"
mkdir -p "$work"
git clone --quiet --no-hardlinks "$root" "$first"
git clone --quiet --no-hardlinks "$first" "$second"
for clone in "$first" "$second"; do
  (cd "$clone" && ./mvnw --batch-mode --no-transfer-progress --quiet -DskipTests -Prelease package) \
    >"$clone.log" 2>&1 || { tail -30 "$clone.log" >&2; exit 1; }
done

# Prints the name and checksum of each entry of a jar.
entries() { unzip -v "$1" | awk 'length($7) == 8 && $7 !~ /-/ {print $8, $7}'; }
# Prints the words of the generated code sorted, and without the numbers that depend on its order.
unordered() { sed 's/[0-9][0-9]*/N/g' "$1/$jni"/*.cpp | tr -cs '[:alnum:]_' '\n' | LC_ALL=C sort; }
same=0 differ=0
while IFS= read -r jar; do
  if cmp -s "$first/$jar" "$second/$jar"; then
    same=$((same + 1))
    continue
  fi
  changed=$(diff <(entries "$first/$jar") <(entries "$second/$jar") | sed -n 's/^[<>] \([^ ]*\) .*/\1/p' | sort -u) || true
  if [ "$changed" = neuron-embed/linux-x86_64/libjnineuron_embed.so ] \
    && diff <(unordered "$first") <(unordered "$second") >/dev/null; then
    echo "$jar: $changed differs; its generated code differs only in its order"
  else
    echo "$jar differs in: $changed" >&2
    differ=$((differ + 1))
  fi
done < <(cd "$first" && find . -path '*/target/neuron-embed*.jar' -not -path '*/neuron-embed/lib/*' | sort)
echo "$same jars are the same, bit for bit"
[ "$same" -gt 0 ] && [ "$differ" = 0 ]
