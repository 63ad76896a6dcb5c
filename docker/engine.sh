#!/usr/bin/env bash
# A Docker engine for machines that have none: installed from the host's own Debian packages, started beside whatever
# else runs here (data folder, exec root, pid file and socket of its own), and stopped again without leaving a process.
#
#   docker/engine.sh start            prints `export DOCKER_HOST=…` and the like on stdout: eval "$(docker/engine.sh start)"
#   docker/engine.sh run COMMAND…     starts an engine if none answers, runs COMMAND against it, stops what it started
#   docker/engine.sh status           tells which engine answers
#   docker/engine.sh stop             stops the engine this script started; never another one
#
# ANYTOPIC_ENGINE_DATA and ANYTOPIC_ENGINE_RUN move its two folders.
set -euo pipefail

data=${ANYTOPIC_ENGINE_DATA:-/var/lib/anytopic-engine}
run=${ANYTOPIC_ENGINE_RUN:-/run/anytopic-engine}
host=unix://$run/docker.sock
pidfile=$run/docker.pid
log=$run/dockerd.log
start_timeout_s=60
stop_timeout_s=60

say() { printf 'engine: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
own_pid() { # the pid of our dockerd, if it lives: a pid file alone may outlast its process
  local pid
  pid=$(cat "$pidfile" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "--pidfile=$pidfile" && echo "$pid"
}
answers() { docker ${1:+-H "$1"} version --format '{{.Server.Version}}' 2>/dev/null; }

# Prints the address of an engine that answers already; an empty address is the client's own default.
find_engine() {
  command -v docker >/dev/null || return 1
  if answers "" >/dev/null; then echo "${DOCKER_HOST:-}"
  elif own_pid >/dev/null && answers "$host" >/dev/null; then echo "$host"
  else return 1
  fi
}

# Published ports of our own engine are on this machine. Testcontainers would guess otherwise where a file /.dockerenv says
# that this is a container.
exports() { printf 'export %s\n' "DOCKER_HOST=$host" TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1; }

install_packages() {
  command -v dockerd >/dev/null && command -v iptables >/dev/null && return
  say "installing docker.io from Debian's packages"
  # Its own service must not start: the engine of this script is another one. A policy that is there already stays.
  local policy=/usr/sbin/policy-rc.d guard=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && guard=$policy
  fi
  local status=0
  { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends docker.io iptables; } \
    >"$run/install.log" 2>&1 || status=$?
  [ -z "$guard" ] || rm -f "$guard"
  [ $status = 0 ] || { tail -n 15 "$run/install.log" >&2; die "apt-get could not install docker.io"; }
}

# `docker compose` is a plugin that Debian 12 does not have yet; unstable's needs nothing but libc 2.34, so its one file is
# taken out of the package and put where every client looks. The host's package sources stay as they are.
install_compose() {
  docker compose version >/dev/null 2>&1 && return
  local plugins=/usr/local/lib/docker/cli-plugins scratch
  say "installing the compose plugin"
  scratch=$(mktemp -d)
  "$(dirname "$0")/debian/unstable-apt.sh" "$scratch" download docker-compose >"$run/install.log" 2>&1 &&
    dpkg-deb -x "$scratch"/docker-compose_*.deb "$scratch/package" &&
    install -D -m 755 "$scratch/package/usr/libexec/docker/cli-plugins/docker-compose" $plugins/docker-compose ||
    say "no compose plugin to be had (see $run/install.log): everything but \`docker compose\` works"
  rm -rf "$scratch"
}

# A dockerd that was killed leaves its containerd and that one's socket behind, and the next dockerd waits for them in vain.
end_orphans() {
  local deadline=$((SECONDS + stop_timeout_s))
  while pkill -f -- "^containerd --config $run/exec/"; do
    [ $SECONDS -lt $deadline ] || die "a containerd of an earlier engine does not end; see: pgrep -fa $run/exec"
    sleep 0.2
  done
  rm -rf "$run/exec/containerd"
}

start() {
  local engine
  if engine=$(find_engine); then
    say "engine $(answers "$engine") answers already${engine:+ at $engine}; it is used as it is"
    if [ "$engine" = "$host" ]; then exports; elif [ -n "$engine" ]; then echo "export DOCKER_HOST=$engine"; fi
    return
  fi
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
    die "no Docker engine answers${DOCKER_HOST:+ at $DOCKER_HOST}. Start yours (Docker Desktop, \`systemctl start docker\`) or set DOCKER_HOST; as root on Debian this script installs and starts one"
  mkdir -p "$data" "$run"
  install_packages
  install_compose
  ip link show docker0 >/dev/null 2>&1 || touch "$run/network-is-ours"
  iptables -S FORWARD 2>/dev/null | head -n 1 >"$run/forward-policy" || true
  say "starting dockerd, data in $data, log in $log"
  rm -f "$pidfile"
  end_orphans
  setsid dockerd --data-root="$data" --exec-root="$run/exec" --pidfile="$pidfile" -H "$host" </dev/null >"$log" 2>&1 &
  local daemon=$! deadline=$((SECONDS + start_timeout_s))
  until answers "$host" >/dev/null; do
    kill -0 $daemon 2>/dev/null || { tail -n 15 "$log" >&2; die "dockerd gave up (the end of $log is above)"; }
    [ $SECONDS -lt $deadline ] || { tail -n 15 "$log" >&2; kill $daemon; die "dockerd did not answer within $start_timeout_s s (see $log)"; }
    sleep 0.2
  done
  say "engine $(answers "$host") answers at $host, pid $(own_pid); stop it with: $0 stop"
  exports
}

# dockerd leaves its bridge and its packet filter rules; they go too where there was no bridge before ours.
clear_network() {
  [ -e "$run/network-is-ours" ] || return 0
  ip link delete docker0 2>/dev/null || true
  iptables-save 2>/dev/null | grep -Ev 'DOCKER|docker0' | iptables-restore || true
  [ ! -s "$run/forward-policy" ] || iptables $(cat "$run/forward-policy") || true
}

stop() {
  local pid deadline=$((SECONDS + stop_timeout_s))
  pid=$(own_pid) || { say "no engine of this script runs here"; return 0; }
  kill "$pid"
  while kill -0 "$pid" 2>/dev/null; do
    [ $SECONDS -lt $deadline ] || die "dockerd, pid $pid, did not stop within $stop_timeout_s s (see $log)"
    sleep 0.2
  done
  clear_network
  # dockerd can leave its mounts of network namespaces behind; a folder that cannot go is no reason to fail.
  local mounted
  for mounted in "$run"/exec/netns/*; do umount "$mounted" 2>/dev/null || true; done
  rm -rf "$run" || say "could not remove all of $run"
  say "stopped; images and volumes stay in $data"
}

status() {
  local engine
  engine=$(find_engine) || die "no Docker engine answers; \`$0 start\` gives one"
  say "engine $(answers "$engine") answers at ${engine:-the client\'s default address}"
}

run_with() {
  [ $# -gt 0 ] || die "run needs a command"
  local before exports
  before=$(own_pid || true)
  exports=$(start) # on a line of its own: a failure inside eval's argument would go unseen
  eval "$exports"
  [ -n "$before" ] || trap 'own_pid >/dev/null && stop' EXIT
  "$@"
}

case ${1:-} in
  start | stop | status) "$1" ;;
  run) shift; run_with "$@" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
