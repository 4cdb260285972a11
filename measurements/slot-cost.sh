#!/bin/sh
# The cost of an execution of a slot on an emulated core without a service time, for each input path: the libnrt calls
# alone (bare), the C++ slot, the C interface, and Java with its allocations. Emulated.
# Build first: ./mvnw -DskipTests package; for the C++ part: libbenchmark-dev.
# usage: measurements/slot-cost.sh
set -eu
cd "$(dirname "$0")/.."
for tool in cmake c++; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is missing (Debian: apt-get install cmake g++)" >&2; exit 1; }
done
echo '#include <benchmark/benchmark.h>' | c++ -x c++ -fsyntax-only - 2>/dev/null ||
  { echo "$0: Google Benchmark is missing (Debian: apt-get install libbenchmark-dev)" >&2; exit 1; }
[ -d benchmark-app/target/neuron-embed/lib ] ||
  { echo "$0: the build is missing: ./mvnw -DskipTests package" >&2; exit 1; }
build=measurements/target/slot-cost
mkdir -p "$build"
{
  cmake -S native -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNEURON_EMBED_BENCHMARKS=ON -DNEURON_EMBED_TESTS=ON &&
    cmake --build "$build" --target execution_slot_benchmark --parallel 2
} >"$build.log" 2>&1 || { tail -20 "$build.log" >&2; exit 1; }
benchmark=$(find "$build" -name execution_slot_benchmark -type f)
"$benchmark" --benchmark_repetitions=9 --benchmark_enable_random_interleaving=true \
  --benchmark_report_aggregates_only=true >"$build/figures" 2>"$build/err" || { tail -20 "$build/err" >&2; exit 1; }
grep -E 'median|^Benchmark' "$build/figures"
exec measurements/java.sh -Dorg.slf4j.simpleLogger.defaultLogLevel=off org.openjdk.jmh.Main \
  SlotExecution -prof gc -jvmArgsAppend -Dorg.slf4j.simpleLogger.defaultLogLevel=off
