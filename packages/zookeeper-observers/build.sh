#!/bin/sh
# Builds the package and image of ZooKeeper observers: the software and scripts of packages/zookeeper in the newest version
# apt offers, and what is different here.
#
#   build.sh OUTDIR     OUTDIR/packages/zookeeper-observers-VERSION/   what `drover apps publish` takes
#                       OUTDIR/images/zookeeper-observers-VERSION/     what provider local lays over a node's root
#                       OUTDIR/packages/zookeeper-observers.versions   the version
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

"$root/packages/zookeeper/build.sh" "$out"
version=$(tail -n 1 "$out/packages/zookeeper.versions")
package=$out/packages/zookeeper-observers-$version image=$out/images/zookeeper-observers-$version
voter=$out/images/zookeeper-$version

: >"$temp/wanted"
sed -e "s/@VERSION@/$version/g" "$here/package/cluster.json.mustache" >"$temp/cluster.json.mustache"
put "$temp/cluster.json.mustache" "$package/cluster.json.mustache" 0644
put "$here/package/config.json" "$package/config.json" 0644
put_tree "$here/package/locale" "$package/locale"

mkdir "$temp/node"
cp -R "$root/packages/zookeeper/node/." "$temp/node/"
for service in scale_out scale_in order upgrade backup restore verify; do rm "$temp/node/opt/app/services/$service"; done
rm "$temp/node/opt/app/lib/state.sh"
cp -R "$here/node/." "$temp/node/"
cp "$voter/opt/app/version" "$temp/node/opt/app/version"
put_tree "$temp/node" "$image"
# The same files, not copies of them: Java is large.
if ! cmp -s "$voter/opt/zookeeper/.from" "$image/opt/zookeeper/.from"; then
	rm -rf "$image/opt/zookeeper" "$image/opt/zookeeper.new"
	cp -al "$voter/opt/zookeeper" "$image/opt/zookeeper.new"
	mv "$image/opt/zookeeper.new" "$image/opt/zookeeper"
fi
prune "$package"
prune "$image" opt/zookeeper
printf '%s\n' "$version" >"$temp/versions"
put "$temp/versions" "$out/packages/zookeeper-observers.versions" 0644
echo "zookeeper-observers-$version: package $package, image $image"
