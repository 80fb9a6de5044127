#!/bin/sh
# Sees that a Docker engine runs on this machine: nothing to do where one answers; else Debian's is installed, where there
# is none, and started. Needs root. The last line says how to end an engine that was started here.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)

answers() { docker version >/dev/null 2>&1; }

if answers; then
	echo "a Docker engine answers"
	exit 0
fi
[ -z "${DOCKER_HOST:-}" ] || {
	echo "engine.sh: nothing answers at DOCKER_HOST=$DOCKER_HOST, and this script starts engines on this machine alone" >&2
	exit 1
}
[ "$(id -u)" = 0 ] || {
	echo "engine.sh: no Docker engine answers, and starting one needs root" >&2
	exit 1
}
missing=''
command -v dockerd >/dev/null || missing=docker.io
command -v debootstrap >/dev/null || missing="$missing debootstrap"
if [ -n "$missing" ]; then
	command -v apt-get >/dev/null || {
		echo "engine.sh: missing on this machine, which has no apt-get: $missing" >&2
		exit 1
	}
	echo "installing $missing"
	apt-get update -qq || :
	# shellcheck disable=SC2086 # a list of words
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
fi

# Where systemd runs it starts the engine, or the installation has done so already.
if [ -d /run/systemd/system ]; then
	systemctl start docker
else
	flags=''
	iptables -w -t nat -S >/dev/null 2>&1 || {
		echo "no NAT on this machine: containers will not reach beyond it"
		flags='--iptables=false --ip6tables=false --ip-masq=false'
	}
	mkdir -p "$root/.dev"
	# shellcheck disable=SC2086 # a list of words
	setsid dockerd $flags </dev/null >>"$root/.dev/dockerd.log" 2>&1 &
fi
tries=0
until answers; do
	tries=$((tries + 1))
	[ $tries -lt 600 ] || {
		echo "engine.sh: the engine does not answer after a minute; it said:" >&2
		tail -n 20 "$root/.dev/dockerd.log" >&2 || :
		exit 1
	}
	sleep 0.1
done
if [ -d /run/systemd/system ]; then
	echo "a Docker engine runs; end it with: systemctl stop docker docker.socket"
else
	echo "a Docker engine runs, its log is .dev/dockerd.log; end it with: kill $(cat /var/run/docker.pid)"
fi
