#!/bin/sh
# A model's own graph beside its prepared one. Build first: ./mvnw -DskipTests package
# usage: measurements/compare-graphs.sh [MODEL] [fp32|int8] [ROUNDS] [SECONDS OF A TURN]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
classpath=$root/measurements/target/classpath.txt
if [ ! -f "$classpath" ]; then
  echo "compare-graphs: $classpath is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
exec java -cp "$root/measurements/target/classes:$(cat "$classpath")" \
  io.github.neuronembed.measurements.GraphComparison \
  "${1:-bge-small-en-v1.5}" "${2:-fp32}" "${3:-9}" "${4:-0.5}"
