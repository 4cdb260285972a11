#!/bin/sh
# Builds and tests the C++ part; Maven calls it, and so may you.
#   build.sh check                           is everything there that the build needs?
#   build.sh build FOLDER [CMAKE_OPTION...]  configure and build into FOLDER
#   build.sh test FOLDER                     run the C++ tests
set -eu

here=$(cd "$(dirname "$0")" && pwd)

fail() {
  echo "neuron-embed native build: $1" >&2
  exit 1
}

need() { # TOOL DEBIAN_PACKAGE AMAZON_LINUX_PACKAGE
  command -v "$1" >/dev/null 2>&1 ||
    fail "$1 is missing. Debian and Ubuntu: apt-get install $2. Amazon Linux: dnf install $3. To build without the native part: -Dnative.skip=true."
}

check() {
  [ "$(uname -s)" = Linux ] || fail "the native part builds on Linux only. To build without it: -Dnative.skip=true."
  need cmake cmake cmake
  need "${CXX:-c++}" g++ gcc-c++
  need "${CC:-cc}" gcc gcc
  command -v ninja >/dev/null 2>&1 || need make make make
  for header in nlohmann/json.hpp:nlohmann-json3-dev:json-devel zlib.h:zlib1g-dev:zlib-devel; do
    name=${header%%:*}
    rest=${header#*:}
    echo "#include <$name>" | "${CXX:-c++}" -std=c++17 -x c++ -fsyntax-only - 2>/dev/null ||
      fail "the header $name is missing. Debian and Ubuntu: apt-get install ${rest%%:*}. Amazon Linux: dnf install ${rest#*:}. To build without the native part: -Dnative.skip=true."
  done
}

has_gtest() {
  echo '#include <gtest/gtest.h>' | "${CXX:-c++}" -std=c++17 -x c++ -fsyntax-only - 2>/dev/null
}

case "${1:-}" in
  check)
    check
    ;;
  build)
    folder=$2
    shift 2
    check
    generator=
    if [ ! -e "$folder/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
      generator=-GNinja
    fi
    tests=OFF
    if has_gtest; then tests=ON; fi
    cmake -S "$here" -B "$folder" $generator -DNEURON_EMBED_TESTS=$tests "$@"
    cmake --build "$folder" --parallel "${NEURON_EMBED_BUILD_JOBS:-2}"
    ;;
  test)
    if has_gtest; then
      cd "$2" && ctest --output-on-failure --parallel 2
    else
      echo "SKIPPED: the C++ tests, for GoogleTest is missing. Debian and Ubuntu: apt-get install libgtest-dev. Amazon Linux: dnf install gtest-devel."
    fi
    ;;
  *)
    fail "usage: build.sh check | build FOLDER [CMAKE_OPTION...] | test FOLDER"
    ;;
esac
