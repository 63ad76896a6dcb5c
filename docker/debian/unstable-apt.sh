#!/usr/bin/env bash
# apt-get against Debian's unstable suite, with lists and cache in a folder of its own: the host's sources, lists and packages
# stay untouched. The mirror is the one the host's apt uses; it is read at run time and written nowhere else.
#
#   unstable-apt.sh FOLDER ARGUMENTS…     runs `apt-get ARGUMENTS…` in FOLDER
#   unstable-apt.sh --mirror              prints the mirror
set -euo pipefail

mirror() {
  local form=(indextargets 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' --format '$(SITE)') site
  site=$(apt-get "${form[@]}" | head -n 1)
  # Origin and Label are known only once the lists are there.
  [ -n "$site" ] || { apt-get -q update >&2; site=$(apt-get "${form[@]}" | head -n 1); }
  [ -n "$site" ] || { echo "unstable-apt: apt on this machine knows no Debian mirror" >&2; exit 1; }
  echo "$site"
}

[ "${1:-}" != --mirror ] || { mirror; exit; }
folder=$(realpath "$1")
shift
site=$(mirror)
mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial}
: >"$folder/apt/status"
echo "deb $site unstable main" >"$folder/apt/sources.list"
cat >"$folder/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$folder/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$folder/apt/lists";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt/cache";
Acquire::Check-Valid-Until "false";
APT::Sandbox::User "root";
CONF
export APT_CONFIG=$folder/apt/apt.conf
cd "$folder"
apt-get -q update
apt-get -qy "$@"
