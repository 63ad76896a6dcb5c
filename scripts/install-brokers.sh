#!/usr/bin/env bash
# Installs the brokers and other programs that the tests start themselves, from the Debian (or Ubuntu) packages this machine's apt knows.
# What is already published stays as it is. Needs root only when something is missing.
#
#   scripts/install-brokers.sh [nats|rabbitmq|redis|aws|gcp|metrics|browser ...]      without arguments: all
#
#   nats      nats-server
#   rabbitmq  rabbitmq-server, with Erlang
#   redis     redis-server
#   aws       nothing is needed: fauxqs comes with `npm ci`. moto, the second opinion, where apt has python3-moto
#   gcp       a Java runtime, and the Pub/Sub emulator where apt knows Google's packages: Debian itself does not have it
#   metrics   prometheus, with promtool: for the tests of packages/metrics
#   browser   chromium: for the tests of packages/dashboard and of the chat
#
# No service is started and none is stopped: the tests run private servers.
set -euo pipefail

say() { printf 'brokers: %s\n' "$*" >&2; }

# Debian installs servers in a folder that is not on an ordinary user's PATH.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
there() { command -v "$1" >/dev/null; }
offered() { [[ $(LC_ALL=C apt-cache policy "$1" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }
have_browser() { there chromium; }
have_metrics() { there prometheus && there promtool; }
# Debian's package has the module without the command.
moto() { there moto_server || python3 -c 'import flask, moto.server' 2>/dev/null; }
emulator() {
  local gcloud
  there cloud-pubsub-emulator && return
  gcloud=$(readlink -f "$(command -v gcloud)" 2>/dev/null) || gcloud=
  [ -x "${CLOUDSDK_ROOT_DIR:-${gcloud%/bin/gcloud}}/platform/pubsub-emulator/bin/cloud-pubsub-emulator" ] ||
    [ -x /usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator ]
}

kinds=("$@")
[ ${#kinds[@]} -gt 0 ] || kinds=(nats rabbitmq redis aws gcp metrics browser)
packages=()
optional=()
for kind in "${kinds[@]}"; do
  case $kind in
    nats) there nats-server || packages+=(nats-server) ;;
    rabbitmq) there rabbitmq-server || packages+=(rabbitmq-server) ;;
    redis) there redis-server || packages+=(redis-server) ;;
    aws) moto || optional+=(python3-moto) ;;
    gcp)
      there java || packages+=(default-jre-headless)
      emulator || optional+=(google-cloud-cli-pubsub-emulator)
      ;;
    metrics) have_metrics || packages+=(prometheus) ;;
    browser) have_browser || packages+=(chromium) ;;
    *)
      sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
      exit 64
      ;;
  esac
done

if [ ${#packages[@]} -gt 0 ] || [ ${#optional[@]} -gt 0 ]; then
  if ! there apt-get; then
    say "missing: ${packages[*]} ${optional[*]}; this script supports apt only. With Homebrew: brew install nats-server rabbitmq redis prometheus chromium"
    exit 1
  fi
  if [ "$(id -u)" = 0 ]; then apt-get -q update >&2; fi
  for package in "${optional[@]}"; do
    ! offered "$package" || packages+=("$package")
  done
fi

if [ ${#packages[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ]; then
    say "missing: ${packages[*]}; run this as root: sudo $0 $*"
    exit 1
  fi
  say "installing ${packages[*]}"
  # The packages would start servers on the default ports; a policy that is already published stays.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends "${packages[@]}" >&2
fi

status=0
report() { # NAME COMMAND HINT: what is there now, or what is still to do
  if $2; then
    say "$1: ready"
  else
    say "$1: MISSING; $3"
    return 1
  fi
}
have_nats() { there nats-server; }
have_rabbitmq() { there rabbitmq-server && there epmd; }
have_redis() { there redis-server; }
have_gcp() { there java && emulator; }
for kind in "${kinds[@]}"; do
  case $kind in
    nats) report nats have_nats "apt has no nats-server" || status=1 ;;
    rabbitmq) report rabbitmq have_rabbitmq "apt has no rabbitmq-server" || status=1 ;;
    redis) report redis have_redis "apt has no redis-server" || status=1 ;;
    aws)
      say "aws: fauxqs comes with npm ci"
      # The tests that need moto say themselves that they are skipped.
      report "aws, as moto" moto "apt has no python3-moto here; any moto_server on the PATH will work, for example the one of: pipx install 'moto[server]'" || true
      ;;
    gcp)
      report gcp have_gcp "apt knows no Google packages here; with gcloud installed: gcloud components install pubsub-emulator" || status=1
      ;;
    metrics) report metrics have_metrics "apt has no prometheus" || status=1 ;;
    browser) report browser have_browser "apt has no chromium" || status=1 ;;
  esac
done
exit $status
