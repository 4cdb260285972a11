#!/bin/sh
# Peak memory and speed of `embed` for growing inputs, on ONNX Runtime and on the native core's encoder. Shows whether
# memory grows with the input. Linux only.
# Build first: ./mvnw -DskipTests package
# usage: measurements/embed-memory.sh [LINES...]   (default 1000 10000)
set -eu
cd "$(dirname "$0")/.."
app=benchmark-app/target/neuron-embed/bin/neuron-embed
if [ ! -x "$app" ]; then
  echo "embed-memory: $app is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
[ $# -gt 0 ] || set -- 1000 10000
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# Prepare everything first, so that one-time work does not count.
for backend in 'onnx fp32' 'cpu exact' 'cpu int8'; do
  echo '{"text": "once"}' | "$app" embed --backend "${backend% *}" --precision "${backend#* }" > /dev/null 2> "$folder/err" ||
    { cat "$folder/err" >&2; exit 1; }
done
printf '%10s %8s %9s %8s %14s\n' backend lines seconds lines/s 'peak RSS, MiB'
for backend in 'onnx fp32' 'cpu exact' 'cpu int8'; do
  for lines in "$@"; do
    # The mixed corpus, repeated up to the number of lines.
    awk -v n="$lines" '{ line[NR] = $0 } END { for (i = 0; i < n; i++) print line[i % NR + 1] }' \
      measurements/corpus/mixed-256.jsonl > "$folder/in.jsonl"
    start=$(date +%s.%N)
    "$app" embed --backend "${backend% *}" --precision "${backend#* }" < "$folder/in.jsonl" > "$folder/out.jsonl" 2> "$folder/err" &
    pid=$!
    peak=0
    while kill -0 "$pid" 2> /dev/null; do
      now=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2> /dev/null || true)
      [ -z "$now" ] || peak=$now
      sleep 0.5
    done
    wait "$pid" || { cat "$folder/err" >&2; exit 1; }
    seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
    written=$(wc -l < "$folder/out.jsonl")
    if [ "$written" -ne "$lines" ]; then
      echo "embed-memory: $written vectors for $lines lines" >&2
      exit 1
    fi
    awk -v b="$backend" -v n="$lines" -v s="$seconds" -v k="$peak" \
      'BEGIN { printf "%10s %8d %9.1f %8.1f %14.0f\n", b, n, s, n / s, k / 1024 }'
  done
done
