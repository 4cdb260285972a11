#!/usr/bin/env bash
# Builds the CPU image and runs it as a cluster would: non-root, read-only root, /tmp in memory, ready, an
# embedding, SIGTERM, an exit within the grace time. Needs root, a built command line (./mvnw verify) and, of Debian:
# buildah mmdebstrap util-linux. The base image is made locally, so that no image registry is needed.
#
# No container runtime is used: the image's file system is mounted read-only in a separate mount namespace and entered
# by chroot as user 10001. Not tested: cgroups, capabilities, seccomp, the health check's timer.
# usage: deploy/try-image.sh [PORT]
set -euo pipefail
cd "$(dirname "$0")/.."
port=${1:-18080}
app=benchmark-app/target/neuron-embed
fail() {
  echo "deploy/try-image.sh: $1" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail "run it as root: it mounts file systems"
[ -x "$app/bin/neuron-embed" ] || fail "$app is not there: run ./mvnw verify first"
for program in buildah mmdebstrap unshare curl; do
  command -v "$program" >/dev/null || fail "there is no $program (Debian: apt-get install buildah mmdebstrap util-linux curl)"
done

work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
  buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs umount --all >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
buildah=(buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs)

echo "--- a base image of Debian's packages"
mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$work/base"
base=$("${buildah[@]}" from scratch)
"${buildah[@]}" add --quiet "$base" "$work/base" / >/dev/null
"${buildah[@]}" commit --quiet "$base" localhost/neuron-embed-base >/dev/null
rm -rf "$work/base"

echo "--- build"
"${buildah[@]}" build --quiet --isolation chroot --format docker --file deploy/Dockerfile \
  --build-arg BASE_IMAGE=localhost/neuron-embed-base --build-context "app=$app" --tag neuron-embed . >/dev/null
container=$("${buildah[@]}" from --pull-never localhost/neuron-embed)
root=$("${buildah[@]}" mount "$container")
"${buildah[@]}" inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck}}{{println}}' localhost/neuron-embed

echo "--- run: user 10001, read-only root"
mapfile -t environment < <("${buildah[@]}" inspect --type image --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' \
  localhost/neuron-embed | sed '/^$/d')
# The model of the command line replaces a mounted one.
unshare --mount --propagation private bash -euc '
  root=$1 port=$2; shift 2
  mount --bind "$root" "$root"
  mount -t tmpfs -o mode=1777,size=1g tmpfs "$root/tmp"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -o remount,bind,ro "$root"
  ! touch "$root/opt/written" 2>/dev/null || { echo "the root is writable" >&2; exit 1; }
  exec env -i "$@" chroot --userspec=10001:10001 "$root" neuron-embed serve --host 127.0.0.1 --port "$port"
' try "$root" "$port" "${environment[@]}" >"$work/out" 2>"$work/err" &
server=$!

url=http://127.0.0.1:$port
for _ in $(seq 300); do
  curl --fail --silent --output /dev/null "$url/health/ready" && break
  kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; fail "the server ended before it was ready"; }
  sleep 1
done
curl --fail --silent --output /dev/null "$url/health/ready" || { cat "$work/err" >&2; fail "not ready after 300 s"; }
echo "ready; user $(ps -o uid= -p "$server" | tr -d ' ')"
[ "$(ps -o uid= -p "$server" | tr -d ' ')" = 10001 ] || fail "the server does not run as user 10001"
curl --fail --silent "$url/v1/embeddings" -H 'Content-Type: application/json' -d '{"input": "how tides work"}' \
  | cut -c 1-120

echo "--- SIGTERM"
start=$(date +%s)
kill -TERM "$server"
status=0
wait "$server" || status=$?
server=
echo "exit $status after $(($(date +%s) - start)) s; the grace time is 40 s"
[ "$status" = 0 ] || { cat "$work/err" >&2; fail "it did not exit with 0"; }
[ $(($(date +%s) - start)) -le 40 ] || fail "it took longer than the grace time"
