#!/bin/sh
# Runs a program of the measurements. Build first: ./mvnw -DskipTests package
# usage: measurements/java.sh [JAVA OPTION...] CLASS [ARGUMENT...]
set -eu
measurements=$(cd "$(dirname "$0")" && pwd)
classpath=$measurements/target/classpath.txt
if [ ! -f "$classpath" ]; then
  echo "measurements: $classpath is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
exec java -cp "$measurements/target/classes:$(cat "$classpath")" "$@"
