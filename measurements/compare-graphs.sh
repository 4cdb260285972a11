#!/bin/sh
# Compares the ways to compute a model on one core of this machine: ONNX Runtime's rewritten graph, and the encoder of
# the native core, exact and int8; bge-small-en-v1.5, and random weights of bge-base's size. Build first: ./mvnw
# -DskipTests package
# usage: measurements/compare-graphs.sh [ROUNDS] [SECONDS OF A TURN]
set -eu
cd "$(dirname "$0")"
rounds=${1:-9} seconds=${2:-0.5}
base=target/random-bge-base-en-v1.5
grep -m 1 'model name' /proc/cpuinfo || true
./java.sh io.github.neuronembed.measurements.GraphComparison bge-small-en-v1.5 "$rounds" "$seconds" \
  1x16 1x64 1x256 1x512 8x64
[ -d "$base" ] || ./java.sh io.github.neuronembed.cli.NeuronEmbed make-model --size base --output-dir target
./java.sh io.github.neuronembed.measurements.GraphComparison "$base" "$rounds" "$seconds" 1x64 1x256
