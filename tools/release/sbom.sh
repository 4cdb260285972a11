#!/bin/sh
# Writes target/neuron-embed-bom.json, the SBOM of everything published and its dependencies, and checks its licences.
# Builds missing artifacts.
set -eu
cd "$(dirname "$0")/../.."
rm -f target/neuron-embed-bom.json
./mvnw --batch-mode --no-transfer-progress --quiet -DskipTests package cyclonedx:makeAggregateBom
python3 tools/release/licences.py target/neuron-embed-bom.json
