#!/bin/sh
# Compares one executor of Apache Spark with two, and with two of which one is killed, on emulated cores.
# Build first: ./mvnw -DskipTests package
# usage: measurements/spark-scaling.sh [ROWS]
set -eu
cd "$(dirname "$0")/../integrations/spark"
if [ ! -f target/classpath.txt ]; then
  echo "measurements: $PWD/target/classpath.txt is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
export SPARK_HOME="$PWD/target/spark-home" SPARK_LOCAL_IP=127.0.0.1 SPARK_SCALA_VERSION=2.13
export NEURON_EMBED_CACHE="$PWD/target/cache"
options=$(sed -n '/<spark.jvm.options>/,/<\/spark.jvm.options>/p' pom.xml | sed 's/<[^>]*>//g')
# shellcheck disable=SC2086 # options are words
exec java $options -cp "$PWD/target/test-classes:$PWD/target/classes:$(cat target/classpath.txt)" \
  io.github.neuronembed.spark.ExecutorScaling "${1:-100000}"
