#!/bin/sh
# The cost of clients that disconnect, send slowly or do not read for the HTTP server, on a heap of 256 MiB and the
# loopback interface.
# Build first: ./mvnw -DskipTests package
# usage: measurements/server-abuse.sh [CLIENTS THAT LEAVE] [CONNECTIONS THAT TRICKLE] [SECONDS OF SLOW READING]
set -eu
exec "$(dirname "$0")/java.sh" io.github.neuronembed.measurements.ServerAbuse "${1:-5000}" "${2:-2000}" "${3:-60}"
