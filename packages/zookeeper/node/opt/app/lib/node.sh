# shellcheck shell=sh disable=SC2034 # sourced by zk-node; the names are used by the other files
# What this node is and where its files are.
#
#   /etc/zookeeper/node, members, settings   rendered by the agent
#   /run/zookeeper/stopped                   somebody stopped ZooKeeper on purpose; nobody else starts it
#   /run/zookeeper/applied                   the settings the running ZooKeeper was started with
#   /var/lib/zookeeper                       the volume:
#       identity                             whose volume this is and how its server comes into the ensemble; written once
#       conf/                                zoo.cfg and the membership, which ZooKeeper itself writes anew
#       data/  log/
#       restored                             the backup that the data was restored from

conf=/etc/zookeeper
run=/run/zookeeper
volume=/var/lib/zookeeper
data=$volume/data
log=$volume/log
zk=/opt/zookeeper
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

# load_node sets cluster, node, sid and ip, and a folder for scratch files.
load_node() {
	for file in node members settings; do
		[ -s "$conf/$file" ] || fail 10 "$conf/$file is not there yet: the agent has not rendered this node's configuration"
	done
	cluster=$(value cluster "$conf/node")
	node=$(value node "$conf/node")
	sid=$(value sid "$conf/node")
	ip=$(value ip "$conf/node")
	if [ -n "$scratch" ]; then return 0; fi
	mkdir -p "$run"
	scratch=$(mktemp -d "$run/scratch.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 143' TERM
	trap 'exit 130' INT
	trap 'exit 129' HUP
}

# nodes STATE prints "node_id ip sid" of the nodes in that state (member, adding, deleting), by server id.
nodes() { grep -v '^#' "$conf/members" | awk -v s="$1" '$4 == s { print $1, $2, $3 }' | sort -n -k 3; }

# own_state prints this node's state, nothing if it belongs to no cluster (any more).
own_state() { awk -v n="$node" '$1 == n { print $4 }' "$conf/members"; }

# settled prints the addresses of the nodes that neither come nor go, this one first.
settled() { nodes member | awk -v n="$node" '$1 == n { print $2; next } { rest = rest $2 "\n" } END { printf "%s", rest }'; }

# others prints settled without this node.
others() { settled | grep -vFx "$ip" || :; }

# majority N prints how many of N voters decide.
majority() { echo $(($1 / 2 + 1)); }

# until_true SECONDS COMMAND... runs a command every half second until it succeeds; 1 if it never did.
until_true() {
	until_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$until_end" ] || return 1
		sleep 0.5
	done
}
