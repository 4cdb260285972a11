#!/bin/sh
# What clients that leave, trickle or do not read cost the HTTP server, on a heap of 256 MiB and the loopback.
# Build first: ./mvnw -DskipTests package
# usage: measurements/server-abuse.sh [CLIENTS THAT LEAVE] [CONNECTIONS THAT TRICKLE] [SECONDS OF SLOW READING]
set -eu
exec "$(dirname "$0")/java.sh" io.github.neuronembed.measurements.ServerAbuse "${1:-5000}" "${2:-2000}" "${3:-60}"
