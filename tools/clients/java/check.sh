#!/usr/bin/env bash
# Tests the OpenAI clients of LangChain4j and Spring AI with their default settings against a server that this script
# starts. Needs a built command line (./mvnw verify).
set -euo pipefail
cd "$(dirname "$0")/../../.."
app=${1:-benchmark-app/target/neuron-embed/bin/neuron-embed}
work=$PWD/target/clients
[ -x "$app" ] || { echo "$0: $app is not there: run ./mvnw verify first" >&2; exit 1; }
mkdir -p "$work"

./mvnw --batch-mode --no-transfer-progress --quiet --file tools/clients/java \
  ${MAVEN_LOCAL_REPOSITORY:+"-Dmaven.repo.local=$MAVEN_LOCAL_REPOSITORY"} \
  org.apache.maven.plugins:maven-dependency-plugin:3.11.0:build-classpath \
  "-Dmdep.outputFile=$work/classpath.txt"

env --unset=NEURON_EMBED_TOKEN "$app" serve --port 0 2>"$work/serve.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until url=$(grep -o 'http://[0-9.:]*$' "$work/serve.log"); do
  kill -0 "$server" 2>/dev/null || { cat "$work/serve.log" >&2; exit 1; }
  sleep 0.2
done

# Without a provider, SLF4J prints a warning; the clients log nothing useful here.
java -cp "$(cat "$work/classpath.txt")" tools/clients/java/Clients.java "$url" 2>"$work/clients.log" ||
  { cat "$work/clients.log" "$work/serve.log" >&2; exit 1; }
