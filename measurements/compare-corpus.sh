#!/bin/sh
# Texts per second beside LangChain4j and DJL. Build first: ./mvnw -DskipTests package
# usage: measurements/compare-corpus.sh [ROUNDS] [TEXTS FOR DJL]
set -eu
cd "$(dirname "$0")/.."
classpath=measurements/target/classpath.txt
if [ ! -f "$classpath" ]; then
  echo "compare-corpus: $classpath is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
exec java -cp "measurements/target/classes:$(cat "$classpath")" \
  io.github.neuronembed.measurements.CorpusComparison \
  measurements/corpus/mixed-256.jsonl "${1:-5}" "${2:-32}"
