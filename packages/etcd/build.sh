#!/bin/sh
# Builds the packages and images of etcd from this folder:
#
#   build.sh OUTDIR     OUTDIR/packages/etcd-VERSION/   what `drover apps publish` takes
#                       OUTDIR/images/etcd-VERSION/     what provider local lays over a node's root
#
# Files that are right already are not touched, others change by rename: nodes that run on the image keep what they
# have open. The etcd binaries come from tools/ensure, which compiles them when they are not there yet.
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

# put FILE DEST MODE makes DEST the same as FILE.
put() {
	printf '%s\n' "$2" >>"$temp/wanted"
	if cmp -s "$1" "$2"; then
		chmod "$3" "$2"
		return 0
	fi
	mkdir -p "$(dirname -- "$2")"
	cp "$1" "$2.new.$$"
	chmod "$3" "$2.new.$$"
	mv -f "$2.new.$$" "$2"
}

# put_tree FROM TO copies a folder; what can be executed stays so.
put_tree() {
	(cd "$1" && find . -type f) >"$temp/files"
	while IFS= read -r file; do
		mode=0644
		[ ! -x "$1/$file" ] || mode=0755
		put "$1/$file" "$2/${file#./}" "$mode"
	done <"$temp/files"
}

# prune FOLDER removes what this run did not put there.
prune() {
	find "$1" -type f | while IFS= read -r file; do
		grep -qFx -- "$file" "$temp/wanted" || rm -f -- "$file"
	done
}

# build VERSION UPGRADES_FROM; versions are etcd's minor versions, the latter a JSON list without brackets.
build() {
	package=$out/packages/etcd-$1 image=$out/images/etcd-$1
	: >"$temp/wanted"
	sed -e "s/@VERSION@/$1/g" -e "s/@UPGRADES_FROM@/$2/g" "$here/package/cluster.json.mustache" >"$temp/cluster.json.mustache"
	put "$temp/cluster.json.mustache" "$package/cluster.json.mustache" 0644
	put "$here/package/config.json" "$package/config.json" 0644
	put_tree "$here/package/locale" "$package/locale"

	put_tree "$here/node" "$image"
	printf '%s\n' "$1" >"$temp/version"
	put "$temp/version" "$image/opt/app/version" 0644
	short=$(printf '%s' "$1" | tr -d .)
	for program in etcd etcdctl etcdutl; do
		binary=$("$root/tools/ensure" "$program$short")
		put "$binary" "$image/opt/app/bin/$program" 0755
	done
	prune "$package"
	prune "$image"
	echo "etcd-$1: package $package, image $image"
}

build 3.5 ''
build 3.6 '"3.5"'
