#!/usr/bin/env bash
# Builds and runs the examples like a new user, from installed artifacts only, and checks the dependencies of an
# application. Installs into a separate repository below target/, in front of the user's, which is only read. Needs a
# built command line, whose model it uses (./mvnw verify), and Debian's gradle.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/examples
repository=$work/repository
group=$repository/io/github/neuronembed
installed=${MAVEN_LOCAL_REPOSITORY:-$HOME/.m2/repository}
app=benchmark-app/target/neuron-embed/bin/neuron-embed
mkdir -p "$work"

fail() {
  echo "examples/check.sh: $1" >&2
  exit 1
}
maven() {
  ./mvnw --batch-mode --no-transfer-progress --quiet "-Dmaven.repo.local=$repository" \
    "-Dmaven.repo.local.tail=$installed" "$@"
}
# Runs the example: OUTPUT PROFILE OPTION... Without a profile, exec:java is the only argument after "compile".
search() {
  local output=$work/$1.txt
  local profile=()
  [ "$2" = none ] || profile=("-P$2")
  shift 2
  maven --file examples/search "${profile[@]}" compile exec:java \
    "-Dexec.args=$model --index $work/index $*" >"$output" 2>"$output.err" \
    || { cat "$output.err" >&2; return 1; }
}
expect() {
  grep -q "$2" "$work/$1" || { cat "$work/$1" >&2; fail "$1 has no line with: $2"; }
}

[ -x "$app" ] || fail "$app is not there: run ./mvnw verify first"
export NEURON_EMBED_CACHE=$work/cache
rm -rf "$NEURON_EMBED_CACHE"
echo 'a text' | "$app" embed >/dev/null 2>"$work/embed.err" || { cat "$work/embed.err" >&2; exit 1; }
model=$(echo "$NEURON_EMBED_CACHE"/models-*/bge-small-en-v1.5)

echo "--- install into $repository"
rm -rf "$group"
maven -DskipTests -pl java-api,integrations/langchain4j -am install

echo "--- run without the native jar, with it, and on the emulator, with the same index"
rm -rf "$work/index"
best='^hit: 0\.[0-9]* .*power'
recall='^recall@10: \(1\.0000\|0\.9[5-9]\)'
search onnx none --passages 120 || fail "the example failed"
expect onnx.txt '^backend: onnxruntime'
expect onnx.txt '^because: ONNX Runtime, as the model is not compiled'
expect onnx.txt '^index: 0 passages were there, 120 embedded'
search neuron neuron --passages 160 || fail "the example failed with the native jar"
expect neuron.txt '^index: 120 passages were there, 40 embedded'
search emulator neuron --backend emulator --passages 160 || fail "the example failed on the emulator"
expect emulator.txt '^backend: emulated libnrt'
expect emulator.txt '^index: 160 passages were there, 0 embedded'
for run in onnx neuron emulator; do
  expect $run.txt "$best"
  expect $run.txt "$recall"
done
if search refused none --backend emulator 2>/dev/null; then
  fail "the emulator ran without the native jar"
fi
expect refused.txt.err 'linux-x86_64'

echo "--- the same application, built by Gradle"
gradle --offline --no-daemon --quiet --gradle-user-home "$work/gradle" --project-cache-dir "$work/gradle-project" \
  --project-dir examples/search -Pneuron "-Dmaven.repo.local=$repository" "-Prepository=$installed" app \
  >"$work/gradle-build.txt" 2>&1 || { cat "$work/gradle-build.txt" >&2; fail "Gradle cannot build the example"; }
java -cp 'examples/search/build/app/*' com.example.search.Search "$model" --index "$work/index" --passages 160 \
  >"$work/gradle.txt" 2>"$work/gradle.txt.err" || { cat "$work/gradle.txt.err" >&2; fail "the example failed"; }
expect gradle.txt '^index: 160 passages were there, 0 embedded'
expect gradle.txt "$best"

echo "--- an application on the module path"
maven --file examples/modules process-classes
for backend in onnx auto emulator; do
  java --module-path examples/modules/target/classes:examples/modules/target/modules \
    --module com.example.modules/com.example.modules.Embed "$model" $backend \
    >"$work/modules.txt" 2>"$work/modules.txt.err" || { cat "$work/modules.txt.err" >&2; fail "$backend failed"; }
  expect modules.txt '^modules: module com.example.modules, module io.github.neuronembed$'
  expect modules.txt '^first number: -0\.0939$'
done

echo "--- retrieve and rerank on small models, in one process and over HTTP"
small=$PWD/java-api/src/test/resources/io/github/neuronembed/small
rerank() {
  maven --file examples/rerank compile exec:java "-Dexec.mainClass=com.example.rerank.$2" "-Dexec.args=$3" \
    >"$work/$1" 2>"$work/$1.err" || { cat "$work/$1.err" >&2; fail "the example failed: $2"; }
}
rerank in-process.txt InProcess "$small/xlm-roberta $small/xlm-roberta-reranker"
env --unset=NEURON_EMBED_TOKEN "$app" serve --port 0 --model "$small/xlm-roberta" \
  --reranker "$small/xlm-roberta-reranker" 2>"$work/serve.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until url=$(grep -o 'http://[0-9.:]*$' "$work/serve.log"); do
  kill -0 "$server" 2>/dev/null || { cat "$work/serve.log" >&2; fail "the server did not start"; }
  sleep 0.2
done
rerank over-http.txt OverHttp "$url"
kill "$server"
diff "$work/in-process.txt" "$work/over-http.txt" || fail "the two ways to rerank differ"
[ "$(grep -c '^retrieved: ' "$work/in-process.txt")" = 6 ] && [ "$(grep -c '^reranked: 0\.' "$work/in-process.txt")" = 3 ] \
  || { cat "$work/in-process.txt" >&2; fail "the example did not print six retrieved and three reranked passages"; }

echo "--- what a consumer gets"
maven --file examples/search -Pneuron org.apache.maven.plugins:maven-dependency-plugin:3.11.0:list \
  -DincludeScope=runtime -Dsort=true -DoutputAbsoluteArtifactFilename=false "-DoutputFile=$work/list.txt"
# group:artifact:type[:classifier]:version:scope, without versions.
sed -n 's/^ *\([a-z][^ ]*:jar:[^ ]*\).*/\1/p' "$work/list.txt" \
  | awk -F: '{print (NF == 6 ? $1 ":" $2 ":" $4 ":" $6 : $1 ":" $2 ":" $5)}' | LC_ALL=C sort \
  >"$work/dependencies.txt"
diff examples/search/dependencies.txt "$work/dependencies.txt" \
  || fail "the dependencies of a consumer are not those of examples/search/dependencies.txt"
for pom in "$group"/neuron-embed/*/*.pom "$group"/neuron-embed-native/*/*.pom; do
  grep -q '<artifactId>neuron-embed-parent<' "$pom" || fail "$pom has no parent, which states the licence"
done
grep -q '<name>Apache-2.0</name>' "$group"/neuron-embed-parent/*/*.pom || fail "the parent states no licence"
unzip -p "$group"/neuron-embed-native/*/neuron-embed-native-*SNAPSHOT.jar \
  META-INF/native-image/io.github.neuronembed/jnineuron_embed/jni-config.json >"$work/jni-config.json" \
  && grep -q 'nrt\.bindings\.neuron_slot"' "$work/jni-config.json" || fail "the native core has no JNI configuration"
for jar in "$group"/*/*/*.jar; do
  case $jar in *-tests.jar) continue ;; esac
  unzip -l "$jar" META-INF/LICENSE >/dev/null || fail "$jar has no licence"
done
echo "The example works: $(grep ^recall "$work/neuron.txt")"
