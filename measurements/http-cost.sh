#!/bin/sh
# What HTTP adds to a call, on the emulator. Build first: ./mvnw -DskipTests package
# usage: measurements/http-cost.sh [CALLS] [ROUNDS]
set -eu
cd "$(dirname "$0")/.."
classpath=measurements/target/classpath.txt
if [ ! -f "$classpath" ]; then
  echo "http-cost: $classpath is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
exec java -cp "measurements/target/classes:$(cat "$classpath")" \
  io.github.neuronembed.measurements.HttpCost "${1:-2000}" "${2:-7}"
