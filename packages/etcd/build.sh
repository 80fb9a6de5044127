#!/bin/sh
# Builds the packages and images of etcd from this folder:
#
#   build.sh OUTDIR     OUTDIR/packages/etcd-VERSION/   what `drover apps publish` takes
#                       OUTDIR/packages/etcd.versions   the versions, oldest first
#                       OUTDIR/images/etcd-VERSION/     what provider local lays over a node's root
#   build.sh --packages OUTDIR     only the packages: for provider docker, the Dockerfile beside this makes the images
#
# The etcd binaries come from tools/ensure, which compiles them when they are not there yet.
set -eu
images=yes
if [ "${1:-}" = --packages ]; then
	images=no
	shift
fi
[ $# = 1 ] || { echo "usage: build.sh [--packages] OUTDIR" >&2; exit 2; }
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

# build VERSION UPGRADES_FROM; versions are etcd's minor versions, the latter a JSON list without brackets.
build() {
	package=$out/packages/etcd-$1 image=$out/images/etcd-$1
	: >"$temp/wanted"
	sed -e "s/@VERSION@/$1/g" -e "s/@UPGRADES_FROM@/$2/g" "$here/package/cluster.json.mustache" >"$temp/cluster.json.mustache"
	put "$temp/cluster.json.mustache" "$package/cluster.json.mustache" 0644
	put "$here/package/config.json" "$package/config.json" 0644
	put_tree "$here/package/locale" "$package/locale"

	prune "$package"
	if [ "$images" = no ]; then
		echo "etcd-$1: package $package"
		return 0
	fi

	put_tree "$here/node" "$image"
	printf '%s\n' "$1" >"$temp/version"
	put "$temp/version" "$image/opt/app/version" 0644
	short=$(printf '%s' "$1" | tr -d .)
	for program in etcd etcdctl etcdutl; do
		binary=$("$root/tools/ensure" "$program$short")
		put "$binary" "$image/opt/app/bin/$program" 0755
	done
	prune "$image"
	echo "etcd-$1: package $package, image $image"
}

build 3.5 ''
build 3.6 '"3.5"'
printf '%s\n' 3.5 3.6 >"$temp/versions"
put "$temp/versions" "$out/packages/etcd.versions" 0644
