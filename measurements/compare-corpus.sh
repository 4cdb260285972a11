#!/bin/sh
# Texts per second beside LangChain4j and DJL. Build first: ./mvnw -DskipTests package
# usage: measurements/compare-corpus.sh [ROUNDS] [TEXTS FOR DJL]
set -eu
cd "$(dirname "$0")/.."
./mvnw -q -B dependency:build-classpath -pl java-api,benchmark-app,measurements \
  -Dmdep.outputFile=target/classpath.txt package -DskipTests >/dev/null
exec java -cp "measurements/target/classes:$(cat measurements/target/classpath.txt)" \
  io.github.neuronembed.measurements.CorpusComparison \
  measurements/corpus/mixed-256.jsonl "${1:-5}" "${2:-32}"
