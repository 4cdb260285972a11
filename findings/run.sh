# Sourced by the findings: fetches pinned artifacts from Maven Central into a folder of their own, and runs one Java file.
# work: the folder, deleted at the end.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvnw=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/mvnw

# artifacts GROUP:ARTIFACT:VERSION...: these and what they depend on, into $work/jars
artifacts() {
  local dependencies="" group artifact version
  for coordinates in "$@"; do
    IFS=: read -r group artifact version <<<"$coordinates"
    dependencies+="<dependency><groupId>$group</groupId><artifactId>$artifact</artifactId><version>$version</version></dependency>"
  done
  cat >"$work/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version>
<dependencies>$dependencies</dependencies></project>
POM
  "$mvnw" -B -q -ntp -f "$work/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies \
    -DoutputDirectory="$work/jars" -DincludeScope=runtime
  echo "with $*"
}

# java_program NAME ARGUMENT...: compiles and runs $work/NAME.java with the jars
java_program() {
  local name=$1
  shift
  javac -proc:none -nowarn -cp "$work/jars/*" -d "$work/classes" "$work/$name.java"
  java -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$work/classes:$work/jars/*" "$name" "$@"
}
