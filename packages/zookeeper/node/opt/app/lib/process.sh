# shellcheck shell=sh disable=SC2154 # sourced by zk-node; names come from node.sh
# The ZooKeeper process of this node.

# zk_pids prints the process id of every server here; a pid file could be stale. Clients are Java too, so the main class
# decides.
zk_pids() {
	for exe in /proc/[0-9]*/exe; do
		case $(readlink "$exe" 2>/dev/null) in
		"$zk/jre/bin/java" | "$zk/jre/bin/java (deleted)")
			pid=${exe#/proc/}
			pid=${pid%/exe}
			if tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qFx org.apache.zookeeper.server.quorum.QuorumPeerMain; then say "$pid"; fi
			;;
		esac
	done
}

running() { [ -n "$(zk_pids)" ]; }
not_running() { ! running; }

# write_config makes zoo.cfg anew for this start; ZooKeeper changes the file when the membership changes. What the server is
# in its ensemble comes from role.sh.
write_config() {
	mkdir -p "$volume/conf" "$data" "$log"
	chmod 0700 "$volume/conf" "$data"
	say "$sid" >"$data/myid"
	(umask 077 && role_settings >"$scratch/role")
	rm -f "$volume/conf/zoo.cfg.new"
	(
		umask 077
		{
			grep '=' "$run/applied" | grep -v '^heap_mib='
			say "dataDir=$data"
			say admin.enableServer=false
			say 4lw.commands.whitelist=ruok,mntr,conf,srvr
			cat "$scratch/role"
		} >"$volume/conf/zoo.cfg.new"
	)
	mv "$volume/conf/zoo.cfg.new" "$volume/conf/zoo.cfg"
}

# begin starts ZooKeeper detached, unless it runs. It binds to nothing but the node's own address. Servers that look for
# a leader repeat themselves every 2 s at least: with ZooKeeper's default of a minute those that start together may miss
# each other for long.
begin() {
	if running || [ -e "$run/stopped" ]; then return 0; fi
	cp "$conf/settings" "$run/applied"
	write_config
	(
		exec </dev/null >"$log/zookeeper.out" 2>&1 9>&-
		LD_LIBRARY_PATH=$zk/lib exec setsid "$zk/jre/bin/java" "-Xmx$(value heap_mib "$run/applied")m" -XX:+UseSerialGC \
			-XX:+ExitOnOutOfMemoryError -XX:-UsePerfData -Djava.net.preferIPv4Stack=true -Dzookeeper.jmx.log4j.disable=true \
			-Dzookeeper.fastleader.maxNotificationInterval=2000 \
			-Djava.util.logging.config.file="$app/lib/server.properties" -cp "$zk/jars/*" \
			org.apache.zookeeper.server.quorum.QuorumPeerMain "$volume/conf/zoo.cfg"
	) &
	# Only now it is a server for zk_pids, unless it ended already.
	while kill -0 "$!" 2>/dev/null && not_running; do sleep 0.1; done
}

up_or_gone() { serves "$ip" || not_running; }

# await_up SECONDS waits until ZooKeeper serves here.
await_up() {
	until_true "$1" up_or_gone || {
		tail_log
		fail 12 "ZooKeeper runs but is no part of a quorum after $1 s"
	}
	not_running || return 0
	tail_log
	fail 13 "ZooKeeper ended right after it was started"
}

# here makes sure that ZooKeeper runs on the node that speaks for the ensemble: it may have lost power in the middle of this
# very command, which is done again. One that somebody stopped stays so.
here() {
	[ ! -e "$run/stopped" ] || fail 12 "ZooKeeper was stopped on this node, which has to speak for the ensemble"
	locally begin
	await_up 240
}

tail_log() { tail -qn 4 "$log"/zookeeper.0.log "$log/zookeeper.out" 2>/dev/null || :; }

# locally runs a function while no other script starts or stops ZooKeeper here.
locally() {
	exec 9>"$run/lock"
	flock 9
	"$@"
	exec 9>&-
}

# halt ends ZooKeeper: TERM, then KILL.
halt() {
	for pid in $(zk_pids); do kill -TERM "$pid" 2>/dev/null || :; done
	until_true 30 not_running || {
		for pid in $(zk_pids); do kill -KILL "$pid" 2>/dev/null || :; done
		until_true 10 not_running || fail 15 "ZooKeeper does not end, not even when killed"
	}
}
