#!/bin/sh
# Builds the project and runs it: three vectors and a small benchmark of the real bge-small-en-v1.5.
set -eu
cd "$(dirname "$0")"

[ "$(uname -s)" = Linux ] ||
  echo "--- $(uname -s): without the native core, which is built for Linux only; ONNX Runtime computes"
./mvnw --batch-mode --quiet -DskipTests -pl benchmark-app -am package

app=benchmark-app/target/neuron-embed/bin/neuron-embed
echo "--- vectors of two passages and a query (first numbers of each)"
printf '%s\n' \
  '{"id":"tides","text":"The moon pulls the sea towards it, and the earth turns below."}' \
  '{"id":"bread","text":"Let the dough rest until it has doubled in size."}' \
  '{"id":"ask","text":"why is there high and low water","type":"query"}' \
  | "$app" embed | cut -c 1-100
echo "--- matrix: batch sizes x sequence lengths x models x workers"
"$app" bench --batch-sizes 1,4 --sequence-lengths 64,256 --n-models 1 --workers-per-model 1,2 \
  --duration 3
