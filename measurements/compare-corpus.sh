#!/bin/sh
# Texts per second beside LangChain4j and DJL. Build first: ./mvnw -DskipTests package
# usage: measurements/compare-corpus.sh [ROUNDS] [TEXTS FOR DJL]
set -eu
cd "$(dirname "$0")"
exec ./java.sh io.github.neuronembed.measurements.CorpusComparison \
  corpus/mixed-256.jsonl "${1:-5}" "${2:-32}"
