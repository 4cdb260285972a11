#!/bin/sh
# Tests whether `compare` finds a core that is 10 % slower, and finds nothing between two runs of the same build: with
# pairs of runs on emulated cores with given service times, and, for real noise, with pairs of runs of the real model
# on ONNX Runtime.
# Build first: ./mvnw -DskipTests package
# usage: measurements/compare-runs.sh [ROUNDS] [SECONDS OF A RUN]
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-10}
seconds=${2:-5}
neuron_embed=benchmark-app/target/neuron-embed/bin/neuron-embed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

service() {
  echo "{\"timing\":{\"spinMicros\":100,\"service\":[{\"batch\":1,\"sequenceLength\":256,\"micros\":$1}]}}" >"$work/$2.json"
}
service 1742 same
service 1916 slower

emulated() {
  "$neuron_embed" bench --backend emulator --emulated-hash --emulator "$work/$1.json" --batch-sizes 1 \
    --sequence-lengths 256 --n-models 1 --workers-per-model 1,2 --duration "$seconds" --output-dir "$work/$2" \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}
real() {
  "$neuron_embed" bench --backend onnx --batch-sizes 1 --sequence-lengths 64 --n-models 1 --workers-per-model 1 \
    --duration "$seconds" --output-dir "$work/$1" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}
# Prints the meaning of compare's exit code: 0 nothing, 3 a regression.
verdict() {
  code=0
  "$neuron_embed" compare "$work/$1"/*.json "$work/$2"/*.json >"$work/report" 2>&1 || code=$?
  case $code in
    0) echo nothing ;;
    3) echo regression ;;
    *) cat "$work/report" >&2; exit 1 ;;
  esac
}

found=0 quiet=0 quiet_real=0
for round in $(seq "$rounds"); do
  rm -rf "$work/a" "$work/b" "$work/c" "$work/d" "$work/e"
  emulated same a
  emulated same b
  emulated slower c
  real d
  real e
  # One per line: of several in a line, only a failure of the last one would end this script.
  slower=$(verdict a c)
  same=$(verdict a b)
  same_real=$(verdict d e)
  [ "$slower" = regression ] && found=$((found + 1))
  [ "$same" = nothing ] && quiet=$((quiet + 1))
  [ "$same_real" = nothing ] && quiet_real=$((quiet_real + 1))
  echo "round $round: 10 % slower, emulated: $slower; same build, emulated: $same; same build, ONNX Runtime: $same_real"
done
echo "found $found of $rounds slowdowns; $quiet of $rounds emulated pairs and $quiet_real of $rounds real pairs without a finding"
[ "$found" = "$rounds" ] && [ "$quiet" = "$rounds" ]
