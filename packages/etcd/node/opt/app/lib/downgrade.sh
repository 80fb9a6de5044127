# shellcheck shell=sh disable=SC2154 # sourced by services; names come from node.sh
# The way back to the version before.
#
# While one member still runs the old version, the cluster keeps to the old format and nothing needs to be done. Once
# the last one was replaced, the leader raises the cluster's version within seconds, and the old etcd refuses such data.
# A cluster of the new version can lower it again (etcd 3.6 and newer), as long as it has a quorum.

# every_version MINOR says whether all members run that minor version; one that cannot be asked counts as running it.
every_version() {
	for addr in $(settled); do
		case $(status "$addr" Version) in
		"$1".* | '') ;;
		*) return 1 ;;
		esac
	done
}

# lowered MINOR does the next step; succeeds when all members that can be asked store their data in that format.
lowered() {
	if [ "$(status "$ip" DowngradeEnabled)" != true ]; then
		# Refused while the cluster's version has not been raised yet: the caller comes again.
		at "$ip" downgrade enable "$1" >/dev/null || return 1
	fi
	for addr in $(settled); do
		case $(status "$addr" StorageVersion) in
		"$1".* | '') ;;
		*) return 1 ;;
		esac
	done
}

# never_raised MINOR says whether this member's data still has the old format although nobody lowered it.
never_raised() {
	case $(status "$ip" StorageVersion) in
	"$1".*) [ "$(status "$ip" DowngradeEnabled)" != true ] ;;
	*) return 1 ;;
	esac
}

# make_downgradable MINOR lets etcd of that minor version start on the data afterwards.
make_downgradable() {
	case $1 in
	[0-9]*.[0-9]*) ;;
	*) return 0 ;; # published under another name than that of etcd's version: nobody knows which it is
	esac
	here=$(cat "$app/version")
	if [ "$here" = 3.5 ] || [ "$here" = "$1" ] || ! every_version "$here"; then return 0; fi
	serves "$ip" || return 0 # nothing can be decided now; starting the old version will tell
	# With a member that cannot be asked the version is not raised either; if it was about to be, it is by now.
	if ! until_true 15 lowered "$1" && never_raised "$1"; then return 0; fi
	until_true 60 lowered "$1" || fail 51 "the cluster's data could not be brought back to etcd $1: $(complaint)"
	say "the cluster's data can be read by etcd $1 again"
}

# forget_downgrade takes back, once all members run this version, a downgrade that was prepared earlier. The old version
# forgets it by itself, but only after some seconds; left over, it would keep the cluster at the old format for ever.
forget_downgrade() {
	here=$(cat "$app/version")
	if [ "$here" = 3.5 ] || ! every_version "$here" || [ "$(status "$ip" DowngradeEnabled)" != true ]; then return 0; fi
	at "$ip" downgrade cancel >/dev/null || return 1
	[ "$(status "$ip" DowngradeEnabled)" != true ]
}
