# shellcheck shell=sh disable=SC2154 # sourced by build.sh, which sets out and temp
# Software from Debian's packages, unpacked into images and installed nowhere.
#
# What was downloaded once stays in OUTDIR/debian, by the name that was asked for: later builds ask nobody. Remove the
# folder to take what Debian has now.

debian=$out/debian

# need_apt ends the build, with exit code 3, on a machine that has no apt.
need_apt() {
	for need in apt-get apt-cache dpkg-deb; do
		command -v "$need" >/dev/null || {
			echo "$1 is made of Debian's packages, and this machine has no $need: not built" >&2
			exit 3
		}
	done
	mkdir -p "$debian"
	exec 7>"$debian/lock"
	flock 7
}

# apt_lists brings apt's lists, where that was never done (a fresh container).
apt_lists() {
	[ -z "$(apt-cache madison "$1")" ] || return 0
	apt-get update -qq 7>&- || :
	[ -n "$(apt-cache madison "$1")" ] || {
		echo "apt knows no package $1: is this a Debian with its main archive?" >&2
		exit 3
	}
}

# versions PACKAGE prints the versions of a package that can be had, oldest first.
versions() {
	if [ ! -s "$debian/$1.versions" ]; then
		apt_lists "$1" >&2
		apt-cache madison "$1" | awk '{ print $3 }' | sort -uV >"$debian/$1.versions.new"
		mv "$debian/$1.versions.new" "$debian/$1.versions"
	fi
	cat "$debian/$1.versions"
}

# fetch PACKAGE[=VERSION] prints the file of a package.
fetch() {
	if ! ls "$debian/$1"/*.deb >/dev/null 2>&1; then
		rm -rf "$debian/$1.new"
		mkdir -p "$debian/$1.new"
		apt_lists "${1%%=*}" >&2
		# The lists may be older than the archive: a second try with new ones.
		(cd "$debian/$1.new" && { apt-get download -qq "$1" || { apt-get update -qq && apt-get download -qq "$1"; }; }) >"$temp/apt" 2>&1 7>&- || {
			cat "$temp/apt" >&2
			echo "Debian package $1 could not be downloaded" >&2
			exit 3
		}
		rm -rf "${debian:?}/$1"
		mv "$debian/$1.new" "$debian/$1"
	fi
	echo "$debian/$1"/*.deb
}

# first_known PACKAGE... prints the first of these packages that apt knows.
first_known() {
	for candidate in "$@"; do
		if ls "$debian/$candidate"/*.deb >/dev/null 2>&1; then
			echo "$candidate"
			return 0
		fi
	done
	apt_lists dpkg >&2
	for candidate in "$@"; do
		if [ -n "$(apt-cache madison "$candidate")" ]; then break; fi
	done
	echo "$candidate"
}

# software FOLDER UNPACK PACKAGE[=VERSION]... makes FOLDER of these packages: UNPACK is a function that is given the
# folder they were unpacked to and the folder to fill. Nothing is done where FOLDER was made of the same files.
software() {
	into=$1 unpack=$2
	shift 2
	: >"$temp/debs"
	for debian_package in "$@"; do
		file=$(fetch "$debian_package") || exit
		echo "$file" >>"$temp/debs"
	done
	{
		sed 's|.*/||' "$temp/debs"
		cksum <"$here/build.sh"
	} >"$temp/from"
	if cmp -s "$temp/from" "$into/.from"; then return 0; fi
	rm -rf "$temp/unpacked" "$into.new"
	mkdir -p "$temp/unpacked" "$into.new"
	while IFS= read -r file; do dpkg-deb -x "$file" "$temp/unpacked"; done <"$temp/debs"
	"$unpack" "$temp/unpacked" "$into.new" || {
		echo "the packages of this Debian are made another way than $here/build.sh knows" >&2
		exit 3
	}
	cp "$temp/from" "$into.new/.from"
	chown -R "$(id -u):$(id -g)" "$into.new"
	rm -rf "$into"
	mv "$into.new" "$into"
	rm -rf "$temp/unpacked"
}

# libraries UNPACKED LIB copies the shared libraries of the unpacked packages; the C library is the system's.
libraries() {
	mkdir -p "$2"
	find "$1/lib" "$1/usr/lib" -maxdepth 2 -name '*.so.*' \( -type f -o -type l \) 2>/dev/null | while IFS= read -r file; do
		cp -P "$file" "$2/"
	done
}

# plain VERSION prints a version of Debian as a name for folders and published versions: 5:7.0-1~deb12u1 is 7.0-1-deb12u1.
plain() { printf '%s\n' "$1" | sed -e 's/^[0-9]*://' -e 's/[^A-Za-z0-9.]/-/g'; }

# build_all NAME PACKAGE calls build for the oldest and the newest version of a Debian package, and lists them.
build_all() {
	versions "$2" >"$temp/versions"
	{
		head -n 1 "$temp/versions"
		tail -n 1 "$temp/versions"
	} | uniq >"$temp/ends"
	from=
	while IFS= read -r version <&6; do
		build "$version" "$from"
		plain "$version" >>"$temp/names"
		from="\"$(plain "$version")\""
	done 6<"$temp/ends"
	: >"$temp/wanted"
	put "$temp/names" "$out/packages/$1.versions" 0644
}
