#!/bin/sh
# Fuzzes the code that reads files and requests. Build first: ./mvnw -DskipTests package
# A finding ends the run with exit code 1 and is stored in fuzz/target/findings; add it to the corpus together with
# the fix.
# usage: fuzz/run.sh [SECONDS FOR EACH TARGET] [TARGET...]
set -eu
cd "$(dirname "$0")"
seconds=${1:-10}
[ $# -eq 0 ] || shift
classpath=target/classpath.txt
if [ ! -f "$classpath" ]; then
  echo "fuzz: $classpath is not there; build it: ./mvnw -DskipTests package" >&2
  exit 1
fi
mkdir -p target/findings

# C++, libFuzzer: native NAME TARGET SEEDS...
native() {
  command -v clang++ >/dev/null || {
    echo "fuzz: there is no clang++ (Debian: apt-get install clang libclang-rt-14-dev)" >&2
    exit 1
  }
  name=$1
  program=$2
  shift 2
  cmake -S ../native -B target/native -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ \
    -DNEURON_EMBED_FUZZ=ON -DNEURON_EMBED_TESTS=ON >target/native.log 2>&1 &&
    cmake --build target/native --target "$(basename "$program")" --parallel 2 >>target/native.log 2>&1 || {
    tail -40 target/native.log >&2
    exit 1
  }
  mkdir -p "target/corpus/$name"
  # -detect_leaks needs ptrace, which some containers forbid. native/check-sanitizers.sh finds leaks.
  "target/native/$program" -max_total_time="$seconds" -timeout=10 -detect_leaks=0 \
    -print_final_stats=1 -artifact_prefix="target/findings/$name-" \
    "target/corpus/$name" "$@" >"target/$name.log" 2>&1
}

java_target() {
  mkdir -p "target/corpus/$1"
  # The first input instruments its classes, which takes seconds on a busy machine. This is not a hang.
  java -Dorg.slf4j.simpleLogger.defaultLogLevel=off -cp "target/classes:$(cat "$classpath")" \
    com.code_intelligence.jazzer.Jazzer --target_class="io.github.neuronembed.$2" \
    --instrumentation_includes=io.github.neuronembed.**:com.google.gson.** \
    --reproducer_path=target/findings -max_total_time="$seconds" -timeout=60 \
    -print_final_stats=1 -artifact_prefix="target/findings/$1-" \
    "target/corpus/$1" "corpus/$1" >"target/$1.log" 2>&1
}

failed=0
for target in ${*:-native-neff native-prepared text-reader request-body manifest neff tokenizer}; do
  case $target in
    # The emulator's NEFF reader and the core's check.
    native-neff) native native-neff emulator/tests/emulator_neff_fuzz corpus/neff ;;
    # The encoder's prepared file.
    native-prepared) native native-prepared tests/encoder/encoder_prepared_fuzz ;;
    text-reader) java_target text-reader cli.embed.TextReaderFuzz ;;
    request-body) java_target request-body cli.serve.RequestBodyFuzz ;;
    manifest) java_target manifest model.ManifestFuzz ;;
    neff) java_target neff model.NeffFileFuzz ;;
    tokenizer) java_target tokenizer tokenizer.TokenizerFuzz ;;
    *)
      echo "fuzz: no target $target; there are native-neff native-prepared text-reader request-body manifest neff tokenizer" >&2
      exit 2
      ;;
  esac && verdict=ok || { verdict=FOUND failed=1; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "target/$target.log")
  coverage=$(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "target/$target.log" | tail -1)
  printf '%-13s %-5s %10s runs  coverage %s\n' "$target" "$verdict" "${runs:-?}" "${coverage:-?}"
  [ "$verdict" = ok ] || tail -30 "target/$target.log"
done
exit "$failed"
