#!/bin/sh
# Runs `embed` over the repeated mixed corpus for a number of minutes and prints memory and speed for each minute.
# Exits with 1 if a vector is missing, or if the mean memory of the last quarter is more than a tenth above that of the
# second quarter. Linux only.
# Build first: ./mvnw -DskipTests package
# usage: measurements/embed-soak.sh [MINUTES]   (default 30)
set -eu
cd "$(dirname "$0")/.."
minutes=${1:-30}
app=benchmark-app/target/neuron-embed/bin/neuron-embed
if [ ! -x "$app" ]; then
  echo "embed-soak: $app is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
folder=$(mktemp -d)
touch "$folder/pids"
# Jobs in the background do not see Ctrl-C.
trap 'kill $(cat "$folder/pids") 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
mkfifo "$folder/in"
echo 0 >"$folder/written"
until=$(($(date +%s) + minutes * 60))
{
  lines=0
  while [ "$(date +%s)" -lt "$until" ]; do
    cat measurements/corpus/mixed-256.jsonl
    lines=$((lines + 256))
    echo "$lines" >"$folder/given"
  done
} >"$folder/in" &
echo $! >>"$folder/pids"
# exec keeps the shell's number: the launcher execs Java.
sh -c 'echo $$ >>"$1/pids"; echo $$ >"$1/pid"; exec "$2" embed' sh "$folder" "$app" <"$folder/in" 2>"$folder/err" | awk -v count="$folder/written" \
  'NR % 256 == 0 { print NR >count; close(count) } END { print NR >count }' &
writer=$!
sleep 10
pid=$(cat "$folder/pid")
printf '%6s %9s %9s\n' minute lines 'RSS, MiB'
minute=0
while kill -0 "$pid" 2>/dev/null; do
  sleep 60
  minute=$((minute + 1))
  rss=$(awk '/^VmRSS/ { printf "%.0f", $2 / 1024 }' "/proc/$pid/status" 2>/dev/null || true)
  [ -z "$rss" ] || printf '%6d %9d %9d\n' "$minute" "$(cat "$folder/written")" "$rss" | tee -a "$folder/samples"
done
wait "$writer"
if [ "$(cat "$folder/given")" != "$(cat "$folder/written")" ]; then
  echo "embed-soak: $(cat "$folder/written") vectors for $(cat "$folder/given") lines" >&2
  cat "$folder/err" >&2
  exit 1
fi
awk '{ rss[NR] = $3 } END {
  q = int(NR / 4); if (q < 1) { print "too short for a verdict"; exit }
  for (i = 1; i <= q; i++) { early += rss[q + i]; late += rss[NR - i + 1] }
  printf "%d lines, mean RSS %.0f MiB in the second quarter, %.0f MiB in the last\n", $2, early / q, late / q
  exit late > 1.1 * early }' "$folder/samples"
