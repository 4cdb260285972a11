#!/bin/sh
# The engine on emulated cores. Build first: ./mvnw -DskipTests package
# usage: measurements/engine.sh host-cost [SECONDS [SHAPE]] | buckets [SECONDS] | open-loop [SECONDS] | soak [SECONDS]
#        | packing [SECONDS [WORKLOAD...]] | choice      workloads: QUERIES SEARCH PASSAGES LONG MIXED
set -eu
cd "$(dirname "$0")/.."
run() {
  name=$1
  shift
  exec measurements/java.sh -Dorg.slf4j.simpleLogger.defaultLogLevel=off \
    "io.github.neuronembed.measurements.$name" "$@"
}
case ${1:-} in
  host-cost) run EngineHostCost benchmark-app/src/main/resources/io/github/neuronembed/cli/bench/load/inf2-bge-base.csv "${2:-5}" ${3:+"$3"} ;;
  buckets) run EngineBuckets "${2:-10}" ;;
  open-loop) run EngineOpenLoop "${2:-20}" ;;
  soak) run EngineSoak "${2:-600}" ;;
  packing)
    shift
    seconds=${1:-5}
    [ $# -eq 0 ] || shift
    run PackedShapes "$seconds" "$@"
    ;;
  choice) run ChoiceTime ;;
  *)
    echo "usage: measurements/engine.sh host-cost | buckets | open-loop | soak | packing | choice [SECONDS]" >&2
    exit 2
    ;;
esac
