#!/bin/sh
# Runs the C++ tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer, then under
# ThreadSanitizer. Needs the packages of the C++ tests.
#   usage: native/check-sanitizers.sh [BUILD_FOLDER]
set -eu
cd "$(dirname "$0")/.."
folder=${1:-native/target/sanitizers}
mkdir -p "$folder"
for sanitizer in address thread; do
  build=$folder/$sanitizer
  compiler=
  # Clang compiles the checks of addresses in half of GCC's time. Its thread runtime defines operator new, as a test does.
  if [ $sanitizer = address ] && command -v clang++ >/dev/null; then
    compiler="-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++"
  fi
  echo "--- C++ tests, -DNEURON_EMBED_SANITIZER=$sanitizer"
  {
    # A unity build with few debug symbols compiles in a third of the time.
    # shellcheck disable=SC2086
    cmake -S native -B "$build" $compiler -DCMAKE_BUILD_TYPE=None -DCMAKE_UNITY_BUILD=ON \
      -DCMAKE_C_FLAGS="-O1 -g1" -DCMAKE_CXX_FLAGS="-O1 -g1" \
      -DNEURON_EMBED_SANITIZER=$sanitizer -DNEURON_EMBED_TESTS=ON
    cmake --build "$build" --parallel "${NEURON_EMBED_BUILD_JOBS:-2}"
  } >"$build.log" 2>&1 || { tail -60 "$build.log" >&2; exit 1; }
  ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel 2 --progress
done
