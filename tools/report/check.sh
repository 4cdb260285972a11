#!/bin/sh
# Opens reports in headless Chromium at three widths, in light and dark form, and prints them. Fails on a script error, a
# network request, or a table or picture that is wider than its page. Needs node, npm and Chromium (Debian: chromium).
# usage: tools/report/check.sh FOLDER REPORT.html...     screenshots and PDFs go to FOLDER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 2 ] || { echo "usage: $0 FOLDER REPORT.html..." >&2; exit 2; }
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "$0: $tool is missing (Debian: apt-get install npm)" >&2; exit 1; }
done
CHROMIUM=${CHROMIUM:-$(command -v chromium || true)}
[ -n "$CHROMIUM" ] || { echo "$0: Chromium is missing (Debian: apt-get install chromium)" >&2; exit 1; }
export CHROMIUM
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/check.mjs" "$work/"
(cd "$work" && npm install --silent --no-save --no-audit --no-fund playwright-core@1.65.1)
node "$work/check.mjs" "$@"
