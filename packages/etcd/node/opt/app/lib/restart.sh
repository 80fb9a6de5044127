# shellcheck shell=sh disable=SC2154 # sourced by etcd-node; names come from node.sh
# Restarting the members of a cluster one after the other, although all nodes are told at the same moment.

# restart_here restarts etcd on this node, whatever the others do.
restart_here() {
	locally halt
	locally begin
	await_up 120
}

all_others_serve() {
	for other in $(others); do serves "$other" || return 1; done
}

# restart_in_turn restarts etcd here when it is this node's turn. A member that does not come back stops the others
# from following it: the quorum survives settings that are wrong.
restart_in_turn() {
	if [ -z "$(others)" ] || learner_here; then
		restart_here
	elif ! until_true 20 quorum; then
		say "the cluster has no quorum: nothing to keep, restarting at once"
		restart_here
	elif ask alarm list | grep -q NOSPACE; then
		# A lock is a write, which a full database refuses: take turns by time.
		sleep $((15 * $(nodes member | awk -v n="$node" '$1 == n { print NR - 1 }')))
		restart_when_safe
	else
		restart_locked
	fi
}

# restart_when_safe restarts etcd here if all others serve.
restart_when_safe() {
	until_true 60 all_others_serve || fail 14 "etcd was not restarted: member $other does not serve, and without this one too the quorum might be lost"
	restart_here
}

# restart_locked waits for the cluster's restart lock, through the other members: this one goes away meanwhile. The
# lock is a key with a lease; it is gone at most 30 s after its holder died. A turn that never came is asked for again: when
# the leader itself is restarted, the questions of those who wait fail.
restart_locked() {
	endpoints=$(for other in $(others); do client_url "$other"; done | paste -s -d , -)
	turn=$scratch/turn
	lock_end=$(($(date +%s) + 500))
	while :; do
		rc=0
		timeout --foreground 500 etcdctl --endpoints="$endpoints" --dial-timeout=2s lock --ttl=30 etcd-node/restart \
			"$app/bin/etcd-node" restart_when_safe "$turn" 2>"$scratch/complaint" || rc=$?
		# What happened in the turn counts: giving the lock back may have failed after it.
		case $(cat "$turn" 2>/dev/null) in
		restarted) return 0 ;;
		begun)
			cat "$scratch/complaint" >&2
			exit "$rc"
			;;
		esac
		if [ "$rc" = 124 ] || [ "$(date +%s)" -ge "$lock_end" ]; then
			fail 14 "etcd was not restarted: the other members did not let it have its turn within 500 s: $(complaint)"
		fi
		sleep 1
	done
}
