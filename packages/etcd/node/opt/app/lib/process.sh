# shellcheck shell=sh disable=SC2154 # sourced by etcd-node; names come from node.sh
# The etcd process of this node.

# etcd_pids prints the process id of every etcd here; a pid file could be stale.
etcd_pids() {
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe" 2>/dev/null) in
		"$app/bin/etcd" | "$app/bin/etcd (deleted)")
			pid=${exe#/proc/}
			say "${pid%/exe}"
			;;
		esac
	done
}

running() { [ -n "$(etcd_pids)" ]; }
not_running() { ! running; }

# launch STATE CLUSTER starts etcd detached. Both arguments count for an etcd without data only.
# It binds to and advertises nothing but the node's own address.
launch() {
	mkdir -p "$data" "$log"
	chmod 0700 "$data"
	cp "$conf/settings" "$run/applied"
	set -- "$app/bin/etcd" --name "$node" --data-dir "$data" \
		--listen-client-urls "$(client_url "$ip")" --advertise-client-urls "$(client_url "$ip")" \
		--listen-peer-urls "$(peer_url "$ip")" --initial-advertise-peer-urls "$(peer_url "$ip")" \
		--initial-cluster-token "$cluster" --initial-cluster-state "$1" --initial-cluster "$2" \
		--log-outputs "$log/etcd.log" --enable-log-rotation \
		--log-rotation-config-json '{"maxsize": 20, "maxbackups": 4}'
	(
		while IFS= read -r line; do
			case $line in
			ETCD_*=*) export "${line?}" ;;
			esac
		done <"$run/applied"
		# Without our lock: etcd must not hold it.
		exec setsid "$@" </dev/null >"$log/etcd.out" 2>&1 9>&- 8>&-
	) &
	# Only now it is an etcd for etcd_pids, unless it ended already.
	while kill -0 "$!" 2>/dev/null && not_running; do sleep 0.1; done
}

# up: etcd answers, as a voter or as a learner.
up() { serves "$ip" || learner_here; }
up_or_gone() { up || not_running; }

# await_up SECONDS waits until etcd serves here.
await_up() {
	until_true "$1" up_or_gone || {
		tail_log
		fail 12 "etcd runs but does not serve after $1 s: $(complaint)"
	}
	not_running || {
		note_formed
		return 0
	}
	tail_log
	if grep -q 'invalid downgrade\|cluster cannot be downgraded' "$log/etcd.log" "$log/etcd.out" 2>/dev/null; then
		fail 51 "this data was written by a newer etcd: bring the newer version back and run its service allow_downgrade first"
	fi
	fail 13 "etcd ended right after it was started"
}

# note_formed notes that etcd served here, and of which cluster.
note_formed() {
	status "$ip" ClusterID >"$scratch/formed" || :
	cp "$scratch/formed" "$volume/formed"
}

# tail_log shows the end of etcd's own words.
tail_log() { tail -qn 4 "$log/etcd.log" "$log/etcd.out" 2>/dev/null || :; }

# locally runs a function while no other script starts or stops etcd here.
locally() {
	exec 9>"$run/lock"
	flock 9
	"$@"
	exec 9>&-
}

# begin starts etcd unless it runs, in the way this node's identity tells.
begin() {
	if running || [ -e "$run/stopped" ]; then return 0; fi
	if has_data; then
		launch existing "$node=$(peer_url "$ip")"
	elif [ "$(value how "$volume/identity")" = found ]; then
		launch new "$(value founders "$volume/identity")"
	else
		begin_joining
	fi
}

# begin_joining leaves a process behind that waits until the cluster has made this node a member (scale_out does), and
# starts etcd then. Until that moment nothing of the cluster has changed, so that adding nodes can be undone.
begin_joining() {
	mkdir -p "$log"
	setsid "$app/bin/etcd-node" join </dev/null >"$log/join.log" 2>&1 9>&- &
}

# halt ends etcd and whatever waits to start it: TERM, then KILL. On TERM a leader hands over before it ends.
halt() {
	if [ -s "$run/join.pid" ] && ! flock -n "$run/join.lock" true; then
		kill -TERM "$(cat "$run/join.pid")" 2>/dev/null || :
	fi
	for pid in $(etcd_pids); do kill -TERM "$pid" 2>/dev/null || :; done
	until_true "${1:-60}" not_running || {
		for pid in $(etcd_pids); do kill -KILL "$pid" 2>/dev/null || :; done
		until_true 10 not_running || fail 15 "etcd does not end, not even when killed: process $(etcd_pids | tr '\n' ' ')"
	}
}
