#!/bin/sh
# The HTTP server at 50, 100 and 150 % of its emulated cores' capacity. Build first: ./mvnw -DskipTests package
# usage: measurements/server-load.sh [SECONDS]
set -eu
exec "$(dirname "$0")/java.sh" io.github.neuronembed.measurements.ServerLoad "${1:-20}"
