#!/bin/sh
# Builds the package and image of ZooKeeper from this folder and Debian's packages, for the oldest and the newest version
# that apt offers (often they are two security updates of the same release; where there is one, it is one package):
#
#   build.sh OUTDIR     OUTDIR/packages/zookeeper-VERSION/   what `drover apps publish` takes
#                       OUTDIR/images/zookeeper-VERSION/     what provider local lays over a node's root
#                       OUTDIR/packages/zookeeper.versions   the versions, oldest first
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

# fill UNPACKED FOLDER: a Java runtime, the jars of the server and the client, and the libraries Java needs.
fill() {
	for home in "$1"/usr/lib/jvm/java-*-openjdk-*; do
		if [ -d "$home/lib/server" ] && [ ! -L "$home" ]; then break; fi
	done
	rm -rf "$home/man" "$home/docs" "$home/legal" "$home/lib/ct.sym" "$home/lib/security/cacerts"
	# What Debian keeps in /etc comes along: the runtime shall not depend on the node's.
	find "$home" -type l | while IFS= read -r link; do
		target=$(readlink "$link")
		case $target in
		/etc/*)
			rm "$link"
			[ ! -f "$1$target" ] || cp "$1$target" "$link"
			;;
		esac
	done
	mv "$home" "$2/jre" || return 1
	mkdir "$2/jars"
	for jar in zookeeper zookeeper-jute slf4j-api slf4j-jdk14 snappy-java metrics-core commons-cli commons-io \
		findbugs-annotations netty-buffer netty-common netty-handler netty-transport netty-transport-native-epoll \
		netty-resolver netty-codec netty-transport-native-unix-common; do
		cp -L "$1/usr/share/java/$jar.jar" "$2/jars/" || return 1
	done
	libraries "$1" "$2/lib"
}

# build VERSION UPGRADES_FROM; the first is Debian's, the latter a JSON list without brackets.
build() {
	name=$(plain "$1")
	package=$out/packages/zookeeper-$name image=$out/images/zookeeper-$name
	: >"$temp/wanted"
	sed -e "s/@VERSION@/$name/g" -e "s/@UPGRADES_FROM@/$2/g" "$here/package/cluster.json.mustache" >"$temp/cluster.json.mustache"
	put "$temp/cluster.json.mustache" "$package/cluster.json.mustache" 0644
	put "$here/package/config.json" "$package/config.json" 0644
	put_tree "$here/package/locale" "$package/locale"
	put_tree "$here/node" "$image"
	printf '%s\n' "$1" >"$temp/version"
	put "$temp/version" "$image/opt/app/version" 0644
	software "$image/opt/zookeeper" fill "libzookeeper-java=$1" "$java" libslf4j-java libsnappy-java \
		libsnappy-jni libsnappy1v5 libnetty-java libdropwizard-metrics-java libcommons-cli-java libcommons-io-java \
		libfindbugs-annotations-java zlib1g libstdc++6 libgcc-s1
	prune "$package"
	prune "$image" opt/zookeeper
	echo "zookeeper-$name: package $package, image $image"
}

need_apt zookeeper
java=$(first_known openjdk-17-jre-headless openjdk-21-jre-headless)
build_all zookeeper libzookeeper-java
