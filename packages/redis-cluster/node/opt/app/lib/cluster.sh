# shellcheck shell=sh disable=SC2154 # sourced by redis-node; names come from node.sh
# The cluster as Redis has it, which after a failover is not as it was set up: a node of role master may be a replica.

# topology ADDRESS prints "id ip role master slots" for every node that server knows: role is master or replica, master
# the id of a replica's master or -, slots how many ranges it serves.
topology() {
	ask "$1" cluster nodes | tr -d '\r' | awk '$1 != "" {
		split($2, a, ":")
		ranges = 0
		for (i = 9; i <= NF; i++) if ($i !~ /^\[/) ranges++
		print $1, a[1], ($3 ~ /master/ ? "master" : "replica"), $4, ranges
	}'
}

# id_of ADDRESS prints the id Redis gave the server there.
id_of() { ask "$1" cluster myid; }

# knows ADDRESS OTHER says whether a server knows the one at another address.
knows() { topology "$1" | awk -v ip="$2" '$2 == ip { found = 1 } END { exit !found }'; }

# all_know ADDRESS... says whether each of them knows all of them.
all_know() {
	for one in "$@"; do
		topology "$one" >"$scratch/known" || return 1
		for other in "$@"; do
			awk -v ip="$other" '$2 == ip { found = 1 } END { exit !found }' "$scratch/known" || return 1
		done
	done
}

# whole ADDRESS... says whether every one of them serves a whole cluster: all slots, and the replicas follow.
whole() {
	for one in "$@"; do
		[ "$(field "$one" cluster_state)" = ok ] && [ "$(field "$one" cluster_slots_assigned)" = 16384 ] || return 1
		if [ "$(info "$one" replication role)" = slave ]; then
			[ "$(info "$one" replication master_link_status)" = up ] || return 1
		fi
	done
}

# formed ADDRESS says whether that server belongs to a cluster that has slots.
formed() { [ "$(field "$1" cluster_slots_assigned || :)" != 0 ] && [ "$(field "$1" cluster_known_nodes || :)" -gt 1 ]; }

# follow ADDRESS MASTER-ID makes a server the replica of another one; succeeds when it is.
follow() {
	if topology "$1" | awk -v ip="$1" -v id="$2" '$2 == ip && $4 == id { found = 1 } END { exit !found }'; then return 0; fi
	ask "$1" cluster replicate "$2" >/dev/null || :
	return 1
}

# half_moved prints "address slot master-id" for every slot that a master is giving to another.
half_moved() {
	for giver in $(topology "$ip" | awk '$3 == "master" { print $2 }'); do
		ask "$giver" cluster nodes | tr -d '\r' | awk -v ip="$giver" '$3 ~ /myself/ {
			for (i = 9; i <= NF; i++) if (split($i, a, /\[|->-|\]/) == 4) print ip, a[2], a[3]
		}'
	done
}

# keys ADDRESS SLOT prints the keys of a slot there, quoted, one a line.
keys() { cli 60 --no-raw -h "$1" -p 6379 cluster getkeysinslot "$2" 10000000 </dev/null | sed -n 's/^ *[0-9]*) "/"/p'; }

# drop_copies: a master that died while it gave a key away, or took one, may have left it on both sides. The giver serves a
# key as long as it has it, so its copy is the one that counts.
drop_copies() {
	half_moved >"$scratch/open"
	while read -r giver slot id <&4; do
		# A taker that died may be a replica by now, of a master that knows nothing of the slot.
		taker=$(topology "$ip" | awk -v id="$id" '{ addr[$1] = $2; up[$1] = $4 } END { print (up[id] == "-" ? addr[id] : addr[up[id]]) }')
		ask "$taker" cluster setslot "$slot" importing "$(id_of "$giver")" >/dev/null || continue
		keys "$taker" "$slot" >"$scratch/taken" || continue
		sed 's/^/exists /' "$scratch/taken" | cli 60 -h "$giver" -p 6379 2>/dev/null | grep . >"$scratch/given" || continue
		paste "$scratch/given" "$scratch/taken" | sed -n 's/^1\t/del /p' >"$scratch/copies"
		if [ -s "$scratch/copies" ]; then
			say "$(wc -l <"$scratch/copies") keys of slot $slot are on both sides: those at $taker are dropped"
			sed 's/^/asking\n/' "$scratch/copies" | cli 60 -h "$taker" -p 6379 >/dev/null || :
		fi
	done 4<"$scratch/open"
}

# agreed says whether all nodes agree about the slots and none of them is on its way; what was left half-way by somebody
# who was killed is finished.
agreed() {
	if cli 60 --cluster check "$ip:6379" >"$scratch/check" 2>&1 </dev/null; then return 0; fi
	if grep -q 'open slot\|migrating\|importing' "$scratch/check"; then
		say "finishing the moves of slots that were left half-way"
		drop_copies
		yes yes 2>/dev/null | cli 1800 --cluster fix "$ip:6379" >"$scratch/fix" 2>&1 || :
	fi
	return 1
}

# rebalance ARGUMENTS... moves slots, with the keys in them, while clients read and write; succeeds when it is done.
rebalance() {
	agreed || return 1
	if cli 43200 --cluster rebalance "$ip:6379" "$@" >"$scratch/moves" 2>&1 </dev/null; then return 0; fi
	tail -n 3 "$scratch/moves" >"$scratch/complaint"
	return 1
}

# took_over ADDRESS makes a replica the master in place of its own, without losing a write; succeeds when it is.
took_over() {
	if [ "$(info "$1" replication role)" = master ]; then return 0; fi
	ask "$1" cluster failover >/dev/null || :
	sleep 1
	[ "$(info "$1" replication role)" = master ]
}
