#!/usr/bin/env bash
# Builds the native core and the emulator for Linux aarch64 with a cross compiler, and tests them under user-mode
# emulation (QEMU): the C++ tests, the golden vectors through `embed` on ONNX Runtime's aarch64 library, and the doctor.
# Needs a built command line (./mvnw -DskipTests package) and Debian's g++-aarch64-linux-gnu and qemu-user. Unpacks
# Debian's arm64 packages into a separate folder, so it installs nothing and needs no root.
#   usage: tools/platforms/aarch64.sh [FOLDER [LONGEST]]
#     FOLDER: for all files of this script; default target/aarch64
#     LONGEST: tokens of the longest golden text that ONNX Runtime embeds; default 20. QEMU needs about two seconds for a
#       token, and an hour with 100.
# The result is FOLDER/neuron-embed-native-VERSION-linux-aarch64.jar.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "${1:-target/aarch64}"
work=$(cd "${1:-target/aarch64}" && pwd)
sysroot=$work/sysroot
app=benchmark-app/target/neuron-embed
jni=native/target/generated-sources/jni
java_home=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}

fail() {
  echo "aarch64: $1" >&2
  exit 1
}
for need in aarch64-linux-gnu-g++ qemu-aarch64 cmake apt-get dpkg-deb readelf file unzip zip python3; do
  command -v "$need" >/dev/null || fail "there is no $need (Debian: apt-get install g++-aarch64-linux-gnu qemu-user cmake file unzip zip)"
done
[ -x "$app/bin/neuron-embed" ] && [ -d "$jni" ] || fail "there is no build: run ./mvnw -DskipTests package first"

echo "--- Debian's arm64 packages, unpacked into $sysroot"
if [ ! -f "$work/sysroot.complete" ]; then
  # A separate configuration of apt, for another architecture and without installed packages.
  apt=$work/apt
  rm -rf "$apt" "$sysroot"
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$sysroot"
  : >"$apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} bookworm main" \
    >"$apt/sources.list"
  options=(-q -y -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Install-Recommends=false
    -o APT::Sandbox::User= -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Debug::NoLocking=1)
  {
    apt-get "${options[@]}" update
    apt-get "${options[@]}" --download-only install \
      openjdk-17-jre-headless libgtest-dev zlib1g-dev nlohmann-json3-dev
  } >"$work/apt.log" 2>&1 || { tail -20 "$work/apt.log" >&2; fail "apt-get failed"; }
  for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  touch "$work/sysroot.complete"
fi

echo "--- native core, emulator and C++ tests, by $(aarch64-linux-gnu-g++ --version | head -1)"
onnxruntime=$(ls "$app"/lib/onnxruntime-[0-9]*.jar)
unzip -q -o -j "$onnxruntime" ai/onnxruntime/native/linux-aarch64/libonnxruntime.so -d "$work"
build=$work/build
{
  cmake -S native -B "$build" "-DCMAKE_TOOLCHAIN_FILE=$PWD/cmake/aarch64-linux-gnu.cmake" \
    "-DNEURON_EMBED_SYSROOT=$sysroot" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_UNITY_BUILD=ON \
    -DNEURON_EMBED_TESTS=ON "-DNEURON_EMBED_JNI_SOURCES=$PWD/$jni" "-DNEURON_EMBED_JAVA_HOME=$java_home" \
    "-DNEURON_EMBED_ONNXRUNTIME=$work/libonnxruntime.so"
  cmake --build "$build" --parallel "${NEURON_EMBED_BUILD_JOBS:-2}"
} >"$work/build.log" 2>&1 || { tail -60 "$work/build.log" >&2; fail "the build failed"; }

echo "--- the platform's jar"
platform=$work/platform/neuron-embed/linux-aarch64
rm -rf "$work/platform"
mkdir -p "$platform/emulator" "$work/platform/META-INF"
cp LICENSE "$work/platform/META-INF/"
aarch64-linux-gnu-strip --strip-unneeded -o "$platform/libjnineuron_embed.so" "$build/libjnineuron_embed.so"
aarch64-linux-gnu-strip --strip-unneeded -o "$platform/emulator/libnrt.so.1" "$build/emulator/libnrt.so.1"
for library in libjnineuron_embed.so emulator/libnrt.so.1; do
  file -b "$platform/$library"
  readelf -h "$platform/$library" | grep -E 'Class|Machine'
  readelf -h "$platform/$library" | grep -q 'Machine: *AArch64' || fail "$library is not for aarch64"
done
jar=$(ls "$app"/lib/neuron-embed-native-*-linux-x86_64.jar)
jar=$(basename "${jar/linux-x86_64/linux-aarch64}")
rm -f "$work/$jar"
"$java_home/bin/jar" --create --file "$work/$jar" -C "$work/platform" .
echo "$work/$jar"

echo "--- C++ tests under $(qemu-aarch64 --version | head -1)"
# Leave out tests that start another program: without binfmt_misc, the kernel does not run it under QEMU.
ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel 2 --timeout 600 \
  --exclude-regex 'ProgramTest|CallsBeforeInitAreUninitialized|ProcessMayExitDuringARun' | tail -15

echo "--- the command line on OpenJDK 17 for aarch64"
home=$work/app
rm -rf "$home"
mkdir -p "$home" "$work/tmp"
cp "$app"/lib/*.jar "$home/"
rm "$home"/neuron-embed-native-*-linux-x86_64.jar
cp "$work/$jar" "$home/"
option=-Dneuronembed.terminal=false
neuron_embed() {
  NEURON_EMBED_CACHE=$work/cache qemu-aarch64 -L "$sysroot" \
    "$sysroot/usr/lib/jvm/java-17-openjdk-arm64/bin/java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "-Duser.home=$work" \
    "-Djava.io.tmpdir=$work/tmp" "$option" -cp "$home/*" io.github.neuronembed.cli.NeuronEmbed "$@"
}
# Without a device, the doctor reports problems.
neuron_embed doctor >"$work/doctor.txt" 2>&1 || true
grep -E 'aarch64|libnrt' "$work/doctor.txt"
grep -q "neuron-embed's library for linux-aarch64" "$work/doctor.txt" || fail "the native core was not loaded"
grep -q 'AWS publishes it for x86-64 hosts alone' "$work/doctor.txt" || fail "the doctor does not say that libnrt is missing"

golden=java-api/src/main/resources/io/github/neuronembed/golden/bge-small-en-v1.5.jsonl
# golden LONGEST ARGUMENT...: embeds the golden texts of at most LONGEST tokens with `embed ARGUMENT...`.
golden() {
  local longest=$1
  shift
  python3 tools/platforms/golden.py texts "$golden" "$longest" >"$work/texts.jsonl"
  neuron_embed embed "$@" "$work/texts.jsonl" >"$work/vectors.jsonl" 2>"$work/embed.err" ||
    { cat "$work/embed.err" >&2; fail "embed $* failed"; }
  cat "$work/embed.err"
  python3 tools/platforms/golden.py compare "$golden" "$longest" "$work/vectors.jsonl"
}
golden "${2:-20}" --backend onnx
option=-Dneuronembed.encoder.kernel=neon
golden 10 --backend cpu
