#!/bin/sh
# Builds the package and image of Redis Cluster from this folder and Debian's packages, for the oldest and the newest version
# that apt offers (often they are two security updates of the same release; where there is one, it is one package):
#
#   build.sh OUTDIR     OUTDIR/packages/redis-cluster-VERSION/   what `drover apps publish` takes
#                       OUTDIR/images/redis-cluster-VERSION/     what provider local lays over a node's root
#                       OUTDIR/packages/redis-cluster.versions   the versions, oldest first
#
# Exit code 3: this machine has no apt.
set -eu
[ $# = 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$here/../..
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd -P)
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# shellcheck source=../lay.sh
. "$root/packages/lay.sh"
# shellcheck source=../debian.sh
. "$root/packages/debian.sh"

# fill UNPACKED FOLDER: the server, the client, and the libraries both need.
fill() {
	mkdir "$2/bin"
	cp "$1/usr/bin/redis-check-rdb" "$2/bin/redis-server" || return 1 # the same program under another name
	cp "$1/usr/bin/redis-cli" "$2/bin/" || return 1
	libraries "$1" "$2/lib"
}

# build VERSION UPGRADES_FROM; the first is Debian's, the latter a JSON list without brackets.
build() {
	name=$(plain "$1")
	package=$out/packages/redis-cluster-$name image=$out/images/redis-cluster-$name
	: >"$temp/wanted"
	sed -e "s/@VERSION@/$name/g" -e "s/@UPGRADES_FROM@/$2/g" "$here/package/cluster.json.mustache" >"$temp/cluster.json.mustache"
	put "$temp/cluster.json.mustache" "$package/cluster.json.mustache" 0644
	put "$here/package/config.json" "$package/config.json" 0644
	put_tree "$here/package/locale" "$package/locale"
	put_tree "$here/node" "$image"
	printf '%s\n' "$1" >"$temp/version"
	put "$temp/version" "$image/opt/app/version" 0644
	software "$image/opt/redis" fill "redis-tools=$1" libatomic1 libjemalloc2 liblzf1 libssl3 libsystemd0 libcap2 libgcrypt20 \
		libgpg-error0 liblz4-1 liblzma5 libzstd1 libstdc++6 libgcc-s1
	prune "$package"
	prune "$image" opt/redis
	echo "redis-cluster-$name: package $package, image $image"
}

need_apt redis-cluster
build_all redis-cluster redis-tools
