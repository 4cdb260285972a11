#!/bin/sh
# The time that HTTP adds to a call, on the emulator. Build first: ./mvnw -DskipTests package
# usage: measurements/http-cost.sh [CALLS] [ROUNDS]
set -eu
exec "$(dirname "$0")/java.sh" io.github.neuronembed.measurements.HttpCost "${1:-2000}" "${2:-7}"
