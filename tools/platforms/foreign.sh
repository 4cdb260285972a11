#!/usr/bin/env bash
# Builds the CPU path as on macOS and on Windows. It builds a copy of the tree, without a C or C++ compiler, CMake or make
# on the PATH, and gives Maven's JVM the name of that system. This tests only Maven's part: its choice of profiles and
# dependencies, and the programs that they need. The JVMs that Maven starts, also for tests, report Linux. The tests run
# once, as on macOS, and skip by name the ones that need the native core.
#   usage: tools/platforms/foreign.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$PWD/target/foreign
mkdir -p "$work"
jdk=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}

fail() {
  echo "foreign: $1" >&2
  exit 1
}

# Links to every program of this machine except those of a native build, and a cmd.exe.
tools=$work/bin
rm -rf "$tools"
mkdir "$tools"
for program in /usr/bin/* /bin/*; do
  case ${program##*/} in
    *gcc* | *g++* | *clang* | cc | c++ | c[89]* | cpp* | cmake* | ctest* | make | gmake | ninja* | ld | ld.* | as | ar | strip) ;;
    *) ln -sf "$program" "$tools/" ;;
  esac
done
for program in cc c++ gcc g++ clang clang++ cmake ctest make ninja ld as ar strip; do
  if PATH=$tools command -v "$program" >/dev/null; then fail "$program is still on the PATH"; fi
done
cat >"$tools/cmd.exe" <<'END'
#!/bin/sh
# cmd.exe /X /D /C "COMMAND"
for command; do :; done
command=${command#\"}
eval "${command%\"}"
END
chmod +x "$tools/cmd.exe"

# A JDK whose programs have both names, java and java.exe.
foreign_jdk=$work/jdk
rm -rf "$foreign_jdk"
mkdir -p "$foreign_jdk/lib"
for file in "$jdk"/*; do
  case ${file##*/} in bin | lib) ;; *) ln -s "$file" "$foreign_jdk/" ;; esac
done
for file in "$jdk"/lib/*; do
  # Copy the files by which the launcher finds its home.
  case ${file##*/} in server | libjli.so | jvm.cfg) cp -rL "$file" "$foreign_jdk/lib/" ;; *) ln -s "$file" "$foreign_jdk/lib/" ;; esac
done
cp -rL "$jdk/bin" "$foreign_jdk/bin"
for program in java javac; do cp "$foreign_jdk/bin/$program" "$foreign_jdk/bin/$program.exe"; done

agent=$work/foreign-system.jar
"$jdk/bin/javac" -d "$work/agent" tools/platforms/ForeignSystem.java
echo "Premain-Class: ForeignSystem" >"$work/agent.manifest"
"$jdk/bin/jar" --create --file "$agent" --manifest "$work/agent.manifest" -C "$work/agent" ForeignSystem.class

# Maven downloads the protoc of the foreign platform, but the build runs the one of this machine.
protoc_version=$(sed -n 's/.*<protoc.version>\(.*\)<.*/\1/p' pom.xml)
case $(uname -m) in
  x86_64) protoc_here=linux-x86_64 ;;
  aarch64) protoc_here=linux-aarch_64 ;;
  *) fail "there is no protoc for $(uname -m)" ;;
esac
copy_protoc() {
  ./mvnw --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy \
    "-Dartifact=com.google.protobuf:protoc:$protoc_version:exe:$1" "-DoutputDirectory=$work"
}
copy_protoc "$protoc_here"

# build FOLDER OS_NAME OS_ARCH PROTOC_CLASSIFIER ARGUMENT...: runs Maven with the arguments as on that system.
build() {
  local name=$1 os=$2 arch=$3 copy=$work/$1
  copy_protoc "$4"
  shift 4
  echo "--- $os $arch: ./mvnw -pl benchmark-app -am $*"
  rm -rf "$copy"
  mkdir -p "$copy"
  git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- -cf - | tar -xf - -C "$copy"
  # An argument file, because a system's name can have a space.
  printf '%s\n' "\"-javaagent:$agent=$os\"" "-Dos.arch=$arch" >"$work/$name.options"
  (
    cd "$copy"
    PATH=$tools JAVA_HOME=$foreign_jdk MAVEN_OPTS="@$work/$name.options" ./mvnw --batch-mode --no-transfer-progress \
      "-Dprotoc.version=file://$work/protoc-$protoc_version-$protoc_here.exe" -pl benchmark-app -am "$@"
  ) >"$work/$name.log" 2>&1 || {
    tail -60 "$work/$name.log" >&2
    fail "the build as on $os $arch failed; see $work/$name.log"
  }
  grep "the native core .* left out" "$work/$name.log" || fail "$name: the build does not say that it leaves out the native core"
  grep -E 'Tests run: .*Skipped: [0-9]+$' "$work/$name.log" || true

  local app=$copy/benchmark-app/target/neuron-embed
  for file in bin/neuron-embed bin/neuron-embed.cmd; do
    [ -s "$app/$file" ] || fail "$name: $file is not packaged"
  done
  if ls "$app"/lib/neuron-embed-native-*-linux-*.jar 2>/dev/null; then fail "$name: a native core is packaged"; fi
  # This uses ONNX Runtime for this machine.
  echo "how tides work" | NEURON_EMBED_CACHE=$work/cache "$app/bin/neuron-embed" embed --backend auto \
    >"$work/$name.jsonl" 2>"$work/$name.err" || { cat "$work/$name.err" >&2; fail "$name: embed failed"; }
  grep -i "onnx" "$work/$name.err" || fail "$name: embed did not name ONNX Runtime as its backend"
}

build macos "Mac OS X" aarch64 osx-aarch_64 verify
build windows "Windows 11" amd64 windows-x86_64 -DskipTests package
