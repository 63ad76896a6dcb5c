#!/usr/bin/env bash
# Makes the root of the build stages: Debian unstable by debootstrap, from the mirror that the host's apt uses. As root, on Debian.
#
#   base.sh FOLDER
set -euo pipefail
root=$1
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "the base image needs root on Debian (debootstrap)"; exit 1; }
if ! command -v debootstrap >/dev/null; then
  apt-get -q update
  DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends debootstrap
fi
debootstrap --variant=minbase unstable "$root" "$("$(dirname "$0")/unstable-apt.sh" --mirror)"
# The mirror is the one of the host. If the mirror is a snapshot, its release file may have expired.
apt-config dump Acquire | grep -E '^Acquire::(https?|ftp)::' >"$root/etc/apt/apt.conf.d/90host" || true
cat >"$root/etc/apt/apt.conf.d/91image" <<'CONF'
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
CONF
# A stage is thrown away, so it needs no sync to disk after every file, and no manuals.
printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' >"$root/etc/dpkg/dpkg.cfg.d/91image"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
