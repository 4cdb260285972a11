#!/bin/sh
# Validates the manifests and lints the Dockerfile. Needs Node.js 20.11 or later and npm.
set -eu
cd "$(dirname "$0")/check"
command -v npm >/dev/null || { echo "deploy/check.sh: there is no npm (Debian: apt-get install nodejs npm)" >&2; exit 1; }
npm ci --silent --no-audit --no-fund
exec node check.mjs
