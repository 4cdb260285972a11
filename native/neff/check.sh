#!/usr/bin/env bash
# Tests the compiler program without the Neuron SDK, on the real bge-small-en-v1.5. On Debian 12:
#   apt-get install python3-torch python3-numpy python3-onnx libopenblas0-pthread
# Without the last package, torch multiplies matrices twenty times slower. To use another Python that has torch and onnx,
# set PYTHON.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
python=${PYTHON:-/usr/bin/python3}

if ! "$python" -c 'import onnx, torch' 2>/dev/null; then
  echo "$python has no torch or no onnx. On Debian 12: apt-get install python3-torch python3-numpy python3-onnx libopenblas0-pthread" >&2
  exit 1
fi

# The model artifact of the golden file.
if [ -z "${NEURON_EMBED_MODEL_JAR:-}" ]; then
  golden=$root/java-api/src/main/resources/io/github/neuronembed/golden/bge-small-en-v1.5.jsonl
  artifact=$(head -n 1 "$golden" | "$python" -c 'import json, sys; print(json.load(sys.stdin)["artifact"])')
  IFS=: read -r _ name version <<<"$artifact"
  NEURON_EMBED_MODEL_JAR=$root/native/neff/target/$name-$version.jar
  if [ ! -f "$NEURON_EMBED_MODEL_JAR" ]; then
    (cd "$root" && ./mvnw --batch-mode --no-transfer-progress --quiet -N org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
      "-Dartifact=$artifact" "-DoutputDirectory=$root/native/neff/target")
  fi
fi
export NEURON_EMBED_MODEL_JAR
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1} PYTHONDONTWRITEBYTECODE=1

PYTHONPATH=. "$python" -m unittest discover --start-directory tests "$@"
