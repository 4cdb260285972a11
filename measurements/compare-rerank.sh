#!/bin/sh
# Pairs per second, compared with LangChain4j's own scoring model, on a cross-encoder of MiniLM-L6's size with random
# weights.
# Build first: ./mvnw -DskipTests package. Needs Debian's python3-numpy and python3-onnx.
# usage: measurements/compare-rerank.sh MODEL_DIRECTORY [PAIRS] [ROUNDS]
#   MODEL_DIRECTORY: of bge-small-en-v1.5, whose tokenizer is used
#   PAIRS: 50 for each query, 100 by default, which take two minutes on two cores; 1000 take a third of an hour
set -eu
cd "$(dirname "$0")"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
/usr/bin/python3 make_reranker.py "$directory" "$1/tokenizer.json"
./java.sh io.github.neuronembed.measurements.RerankComparison "$directory" corpus/mixed-256.jsonl "${2:-100}" "${3:-3}"
