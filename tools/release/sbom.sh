#!/bin/sh
# Writes target/neuron-embed-bom.json, the SBOM of all that is published and of what it brings, and
# checks the licences in it. Builds what is not built.
set -eu
cd "$(dirname "$0")/../.."
rm -f target/neuron-embed-bom.json
./mvnw --batch-mode --no-transfer-progress --quiet -DskipTests package cyclonedx:makeAggregateBom
python3 tools/release/licences.py target/neuron-embed-bom.json
