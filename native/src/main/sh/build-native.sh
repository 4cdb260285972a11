#!/bin/sh
# Builds the native core, its JNI code and the libnrt emulator for Maven, in the folder layout of the
# platform's jar.
#   usage: build-native.sh SOURCES BUILD JNI_SOURCES JAVA_HOME OUTPUT
set -eu
sources=$1 build=$2 jni=$3 java_home=$4 output=$5

missing() {
  echo "[ERROR] The native core cannot be built: $1" >&2
  echo "[ERROR]   Debian, Ubuntu: apt-get install $2" >&2
  echo "[ERROR]   Amazon Linux, Fedora: dnf install $3" >&2
  exit 1
}
command -v cmake >/dev/null || missing "there is no cmake." cmake cmake
command -v "${CXX:-c++}" >/dev/null || missing "there is no C++ compiler (${CXX:-c++})." g++ gcc-c++
command -v make >/dev/null || command -v ninja >/dev/null || missing "there is no make." make make

# Only the C++ tests need GoogleTest. Without it they are skipped, with a warning.
tests=OFF
if [ -f /usr/include/gtest/gtest.h ] || [ -f /usr/local/include/gtest/gtest.h ]; then
  tests=ON
else
  echo "[WARNING] The C++ tests are skipped: install libgtest-dev (Debian) or gtest-devel (Fedora)."
fi
[ -f "$build/CMakeCache.txt" ] || rm -rf "$build"

# Unity builds halve the compile time.
cmake -S "$sources" -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_UNITY_BUILD=ON \
  -DNEURON_EMBED_TESTS=$tests -DNEURON_EMBED_JNI_SOURCES="$jni" \
  -DNEURON_EMBED_JAVA_HOME="$java_home" -DNEURON_EMBED_ONNXRUNTIME="${NEURON_EMBED_ONNXRUNTIME:-}" \
  >"$build.configure.log" 2>&1 || { cat "$build.configure.log" >&2; exit 1; }
grep 'emulator is not built' "$build.configure.log" | sed 's/^-- /[WARNING] /' || true
cmake --build "$build" --parallel "${NEURON_EMBED_BUILD_JOBS:-2}" >"$build.build.log" 2>&1 \
  || { tail -60 "$build.build.log" >&2; exit 1; }

# Strip the debugging symbols, which are most of the size. They stay in the build folder.
mkdir -p "$output"
strip --strip-unneeded -o "$output/libjnineuron_embed.so" "$build/libjnineuron_embed.so"
if [ -f "$build/emulator/libnrt.so.1" ]; then
  mkdir -p "$output/emulator"
  strip --strip-unneeded -o "$output/emulator/libnrt.so.1" "$build/emulator/libnrt.so.1"
fi
