#!/bin/sh
# Runs the tests of one module, or one test class, without the checks of format and dependencies, for daily work.
# First install the modules that it needs: ./mvnw -DskipTests install
# usage: tools/quick.sh MODULE [TEST]      more options for Maven: MAVEN_ARGS
set -eu
cd "$(dirname "$0")/.."
module=${1:?usage: tools/quick.sh MODULE [TEST]}
[ -f "$module/pom.xml" ] || { echo "$0: there is no module $module" >&2; exit 2; }
export MAVEN_OPTS="${MAVEN_OPTS:--XX:TieredStopAtLevel=1}"
exec ./mvnw -q -pl "$module" -Dspotless.check.skip -Dmdep.analyze.skip \
  ${2:+-Dtest="$2" -Dsurefire.failIfNoSpecifiedTests=false} test
