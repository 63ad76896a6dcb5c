#!/usr/bin/env bash
# Copies what runs, and nothing else, into a root for a final stage `FROM scratch`.
#
#   collect.sh ROOT NAME…    NAME is an absolute path, or a pattern of installed Debian packages ('erlang-*'): their files,
#                            without documentation, and without what was removed from them
#
# Every shared library that a collected program loads comes along; busybox is the shell and the small tools.
set -euo pipefail
root=$1
shift

mkdir -p "$root"/usr/{bin,sbin,lib,lib64} "$root"/{etc,proc,sys,dev}
mkdir -m 1777 "$root/tmp"
for merged in bin sbin lib lib64; do ln -s usr/$merged "$root/$merged"; done
printf 'root:x:0:0:root:/root:/bin/sh\nbroker:x:1000:1000::/data:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nbroker:x:1000:\n' >"$root/etc/group"

list=$(mktemp)
for name in "$@" /usr/bin/busybox; do
  case $name in
    /*) find "$name" ;;
    *) dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$name" | sed -n 's/^installed //p' | xargs dpkg -L ;;
  esac
done | grep -Ev '^/\.$|^/usr/share/(doc|man|info|locale|lintian|bash-completion|doc-base|bug)(/|$)|/__pycache__(/|$)' | sort -u |
  while read -r path; do
    if [ -f "$path" ] || [ -L "$path" ]; then echo "$path"; fi
  done >"$list"
# ldd is of no use for files that are not dynamic programs. Libraries are reached through links, so the links are
# copied too.
{ xargs -d '\n' -n 50 ldd <"$list" 2>/dev/null || true; } | sed -nE 's|^.*[[:space:]](/[^ :]+) \(0x.*|\1|p' | sort -u |
  while read -r library; do printf '%s\n' "$library" "$(readlink -f "$library")"; done >"$list.libraries"
cat "$list" "$list.libraries" | tar -c --files-from=- | tar -x -C "$root"
chroot "$root" /usr/bin/busybox --install -s /usr/bin
