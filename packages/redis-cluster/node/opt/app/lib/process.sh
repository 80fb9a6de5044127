# shellcheck shell=sh disable=SC2154 # sourced by redis-node; names come from node.sh
# The Redis process of this node.

# redis_pids prints the process id of every server here; a pid file could be stale.
redis_pids() {
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe" 2>/dev/null) in
		"$redis/bin/redis-server" | "$redis/bin/redis-server (deleted)")
			pid=${exe#/proc/}
			say "${pid%/exe}"
			;;
		esac
	done
}

running() { [ -n "$(redis_pids)" ]; }
not_running() { ! running; }

# begin starts Redis detached, unless it runs. It binds to nothing but the node's own address.
begin() {
	if running || [ -e "$run/stopped" ]; then return 0; fi
	mkdir -p "$data" "$log"
	chmod 0700 "$data"
	# Redis does not rotate its log.
	if [ "$(wc -c <"$log/redis.log" 2>/dev/null || echo 0)" -gt 10000000 ]; then mv "$log/redis.log" "$log/redis.log.1"; fi
	(
		umask 077
		cp "$conf/settings" "$run/applied"
		{
			cat "$app/lib/redis.conf" "$run/applied"
			say "bind $ip"
			say "cluster-announce-ip $ip"
		} >"$run/redis.conf"
	)
	(
		exec </dev/null >"$log/redis.out" 2>&1 9>&-
		LD_LIBRARY_PATH=$redis/lib exec setsid "$redis/bin/redis-server" "$run/redis.conf"
	) &
	# Only now it is a server for redis_pids, unless it ended already.
	while kill -0 "$!" 2>/dev/null && not_running; do sleep 0.1; done
}

up_or_gone() { serves "$ip" || not_running; }

# await_up SECONDS waits until Redis answers here and has loaded its data.
await_up() {
	until_true "$1" up_or_gone || {
		tail_log
		fail 12 "Redis runs but does not serve after $1 s: $(complaint)"
	}
	not_running || return 0
	tail_log
	fail 13 "Redis ended right after it was started"
}

# here makes sure that Redis runs on the node that speaks for the cluster: it may have lost power in the middle of this very
# command, which is done again. One that somebody stopped stays so.
here() {
	[ ! -e "$run/stopped" ] || fail 12 "Redis was stopped on this node, which has to speak for the cluster"
	locally begin
	await_up 240
}

tail_log() { tail -qn 4 "$log/redis.log" "$log/redis.out" 2>/dev/null || :; }

# locally runs a function while no other script starts or stops Redis here.
locally() {
	exec 9>"$run/lock"
	flock 9
	"$@"
	exec 9>&-
}

# halt ends Redis: TERM, on which it writes what is not on disk yet, then KILL.
halt() {
	for pid in $(redis_pids); do kill -TERM "$pid" 2>/dev/null || :; done
	until_true 60 not_running || {
		for pid in $(redis_pids); do kill -KILL "$pid" 2>/dev/null || :; done
		until_true 10 not_running || fail 15 "Redis does not end, not even when killed"
	}
}
