#!/bin/sh
# Finds errors in the documentation and prints them as file:line: what. First tests that the check itself finds
# errors. Needs a build (./mvnw verify), python3, curl and a JDK.
set -eu
cd "$(dirname "$0")/check"
export PYTHONDONTWRITEBYTECODE=1
python3 -m unittest --quiet --buffer test_check
python3 ../../tools/platforms/natives.py --check
exec python3 check.py
