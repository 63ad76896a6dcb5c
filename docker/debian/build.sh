#!/usr/bin/env bash
# Builds the six broker images from Debian packages alone, for places without an image registry. Run it as root on Debian.
# The base is Debian unstable by debootstrap; it serves the build stages only, the images themselves start from nothing.
# What is built and unchanged is kept: an image carries the hash of its sources as a label.
#
#   docker/debian/build.sh [--force] [nats|rabbitmq|redis|valkey|moto|pstest …]
#
# --force makes everything anew, with the newest packages of unstable. DOCKER_HOST names the engine, as for every Docker client.
set -euo pipefail
cd "$(dirname "$0")"

base=anytopic/debian-base
label=org.anytopic.source
force=
images=()
for argument; do
  case $argument in
    --force) force=1 ;;
    nats | rabbitmq | redis | valkey | moto | pstest) images+=("$argument") ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
done
[ ${#images[@]} -gt 0 ] || images=(nats rabbitmq redis valkey moto pstest)

say() { printf 'images: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
hash_of() { find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }
current() { [ -z "$force" ] && [ "$(docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null)" = "$2" ]; }

package_of() {
  case $1 in
    nats) echo nats-server ;;
    rabbitmq) echo rabbitmq-server ;;
    redis) echo redis-server ;;
    valkey) echo valkey-server ;;
    moto) echo python3-moto ;;
    pstest) echo golang-google-cloud-dev ;;
  esac
}

docker version >/dev/null 2>&1 || die "no Docker engine answers; \`docker/engine.sh start\` gives one"

built() { say "$1${3:+ $3} built in $((SECONDS - $2)) s, $(($(docker image inspect -f '{{.Size}}' "$1") / 1000000)) MB"; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
source_of_base=$(hash_of base.sh unstable-apt.sh)
if current $base "$source_of_base"; then
  say "$base is there"
else
  began=$SECONDS
  ./base.sh "$work/base" >"$work/log" 2>&1 || { tail -n 15 "$work/log" >&2; die "the base image failed"; }
  tar -C "$work/base" -c . | docker import --change "LABEL $label=$source_of_base" - $base >/dev/null
  built $base $began
fi
for name in "${images[@]}"; do
  tag=anytopic/$name:debian
  source=$(hash_of "$name" collect.sh)-$source_of_base
  if current "$tag" "$source"; then
    say "$tag is there"
    continue
  fi
  began=$SECONDS
  # Every engine has the classic builder; BuildKit would be one more plugin to install.
  DOCKER_BUILDKIT=0 docker build ${force:+--no-cache} --force-rm --label "$label=$source" -t "$tag" -f "$name/Dockerfile" . >"$work/log" 2>&1 ||
    { tail -n 30 "$work/log" >&2; die "$tag failed"; }
  # The version is known only now, in the stage: it becomes a label, where tools look for it.
  stage=$(docker image ls -q --filter label=org.anytopic.stage=build | head -n 1)
  version=$(docker run --rm "$stage" dpkg-query -W -f '${source:Upstream-Version}' "$(package_of "$name")")
  echo "FROM $tag" | DOCKER_BUILDKIT=0 docker build --label "org.opencontainers.image.version=$version" -t "$tag" - >"$work/log" 2>&1
  # The build stages are as large as a toolchain, and the label above is the cache. The image that stood here before goes too.
  docker image prune -f --filter label=org.anytopic.stage=build >/dev/null
  docker image prune -f --filter "label=$label" >/dev/null
  built "$tag" $began "$version"
done
