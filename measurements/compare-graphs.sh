#!/bin/sh
# A model's own graph beside its prepared one. Build first: ./mvnw -DskipTests package
# usage: measurements/compare-graphs.sh [MODEL] [fp32|int8] [ROUNDS] [SECONDS OF A TURN]
set -eu
exec "$(dirname "$0")/java.sh" io.github.neuronembed.measurements.GraphComparison \
  "${1:-bge-small-en-v1.5}" "${2:-fp32}" "${3:-9}" "${4:-0.5}"
