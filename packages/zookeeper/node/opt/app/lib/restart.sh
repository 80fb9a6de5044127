# shellcheck shell=sh disable=SC2154 # sourced by zk-node; names come from node.sh
# Restarting the servers one after the other, although all nodes are told at the same moment.

# restart_here restarts ZooKeeper on this node, whatever the others do.
restart_here() {
	locally halt
	locally begin
	await_up 120
}

all_others_serve() {
	for other in $(others); do serves "$other" || return 1; done
}

some_other_serves() {
	for other in $(others); do
		if serves "$other"; then return 0; fi
	done
	return 1
}

# restart_in_turn restarts ZooKeeper here when it is this node's turn. A server that does not come back stops the others
# from following it: the quorum survives settings that are wrong.
restart_in_turn() {
	if [ -z "$(others)" ]; then
		restart_here
	elif ! until_true 20 some_other_serves; then
		say "the ensemble has no quorum: nothing to keep, restarting at once"
		restart_here
	else
		restart_locked
	fi
}

# restart_locked takes the ensemble's restart lock: an ephemeral node, which goes with the session of the client that
# made it, and so with this script. The client speaks to the other servers: this one goes away meanwhile.
restart_locked() {
	servers=$(others | sed 's/$/:2181/' | paste -s -d , -)
	mkfifo "$scratch/commands"
	client "$servers" <"$scratch/commands" >"$scratch/answers" &
	asking=$!
	exec 5>"$scratch/commands"
	until_true 500 locked || fail 14 "ZooKeeper was not restarted: it was not this server's turn within 500 s"
	until_true 60 all_others_serve || fail 14 "ZooKeeper was not restarted: server $other does not serve, and without this one too the quorum might be lost"
	restart_here 5>&-
	exec 5>&-
	wait "$asking" || :
}

# locked asks for the lock and says whether it is held.
locked() {
	if grep -qFx 'Created /drover-restart' "$scratch/answers"; then return 0; fi
	say "create -e /drover-restart $node" >&5
	sleep 1
	grep -qFx 'Created /drover-restart' "$scratch/answers"
}
