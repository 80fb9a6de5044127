# shellcheck shell=sh disable=SC2034 # sourced by redis-node; the names are used by the other files
# What this node is and where its files are.
#
#   /etc/redis/node, members, settings   rendered by the agent; settings has the password and is root's alone
#   /run/redis/stopped                   somebody stopped Redis on purpose; nobody else starts it
#   /run/redis/applied                   the settings the running Redis has
#   /var/lib/redis                       the volume:
#       identity                         whose volume this is; written once
#       data/                            the append-only files, and nodes.conf, which is Redis' own
#       log/
#       restored                         the backup that the data was restored from

conf=/etc/redis
run=/run/redis
volume=/var/lib/redis
data=$volume/data
log=$volume/log
redis=/opt/redis
scratch=

say() { printf '%s\n' "$*"; }

# fail CODE TEXT ends the script (or the subshell it is called in, whose caller must look at the code).
fail() {
	fail_code=$1
	shift
	printf '%s\n' "$*" >&2
	exit "$fail_code"
}

# value NAME FILE prints what a line NAME=... of a file says.
value() { sed -n "s/^$1=//p" "$2"; }

# load_node sets cluster, node and ip, and a folder for scratch files.
load_node() {
	for file in node members settings; do
		[ -s "$conf/$file" ] || fail 10 "$conf/$file is not there yet: the agent has not rendered this node's configuration"
	done
	cluster=$(value cluster "$conf/node")
	node=$(value node "$conf/node")
	ip=$(value ip "$conf/node")
	if [ -n "$scratch" ]; then return 0; fi
	(umask 077 && mkdir -p "$run")
	scratch=$(mktemp -d "$run/scratch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 143' TERM
	trap 'exit 130' INT
	trap 'exit 129' HUP
}

# argument JSON sets path and snapshot: the folder and the id of the backup that backup, restore and verify are about.
argument() {
	path=$(printf '%s' "${1:-}" | sed -n 's/.*"path" *: *"\([^"]*\)".*/\1/p')
	snapshot=$(printf '%s' "${1:-}" | sed -n 's/.*"snapshot_id" *: *"\([^"]*\)".*/\1/p')
	if [ -z "$path" ] || [ -z "$snapshot" ]; then fail 61 "the argument names no path and no snapshot_id"; fi
}

# own_volume makes sure that the volume is this node's, and makes a new one so.
own_volume() {
	[ -d "$volume" ] || fail 11 "$volume is not there: the volume is not mounted"
	: >"$volume/.writable" || fail 11 "$volume cannot be written to"
	rm -f "$volume/.writable"
	if [ -s "$volume/identity" ]; then
		owner="$(value cluster "$volume/identity") $(value node "$volume/identity")"
		[ "$owner" = "$cluster $node" ] || fail 11 "the volume belongs to another node ($owner), not to $cluster $node"
	elif [ -e "$data/nodes.conf" ]; then
		fail 11 "$data holds a Redis of unknown origin; move it away"
	else
		printf 'cluster=%s\nnode=%s\n' "$cluster" "$node" >"$volume/identity.new"
		mv "$volume/identity.new" "$volume/identity"
	fi
}

# nodes STATE prints "node_id ip gid role" of the nodes in that state (member, adding, deleting), by server id.
nodes() { grep -v '^#' "$conf/members" | sort -n -k 3 | awk -v s="$1" '$6 == s { print $1, $2, $4, $5 }'; }

# own_state prints this node's state, nothing if it belongs to no cluster (any more).
own_state() { awk -v n="$node" '$1 == n { print $6 }' "$conf/members"; }

# until_true SECONDS COMMAND... runs a command every half second until it succeeds; 1 if it never did.
until_true() {
	until_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$until_end" ] || return 1
		sleep 0.5
	done
}
