# shellcheck shell=sh disable=SC2154 # sourced by redis-node; names come from node.sh
# The data of a shard, which is a master, its replicas and the slots that they serve, as a file.

# shards prints "address-of-master address-of-who-saves-it" for every master that has slots. A shard is saved by the first node of
# role master in it, whatever that is now; one that has none by a node of role master that has nothing else to save. All nodes come
# to the same answer.
shards() {
	nodes member | awk '$4 == "master" { print $2 }' >"$scratch/savers"
	topology "$ip" | sort >"$scratch/all"
	awk 'NR == FNR { at[$1] = $2; of[$2] = $4 == "-" ? $1 : $4; if ($3 == "master" && $5 > 0) order[++n] = $1; next }
		{ saver[++m] = $1; if (!(of[$1] in by)) { by[of[$1]] = $1; busy[$1] = 1 } }
		END {
			for (i = 1; i <= n; i++) {
				for (j = 1; !(order[i] in by) && j <= m; j++) if (!(saver[j] in busy)) { by[order[i]] = saver[j]; busy[saver[j]] = 1 }
				print at[order[i]], by[order[i]]
			}
		}' "$scratch/all" "$scratch/savers"
}

# own_shard prints the address of the master whose shard this node saves, nothing if there is none.
own_shard() { shards | awk -v ip="$ip" '$2 == ip { print $1; exit }'; }

# slots ADDRESS prints the slots that a master serves, one a line.
slots() {
	ask "$1" cluster nodes | tr -d '\r' | awk '$3 ~ /myself/ { for (i = 9; i <= NF; i++) if ($i !~ /^\[/) {
		n = split($i, r, "-")
		for (s = r[1]; s <= r[n]; s++) print s
	} }'
}

# save ADDRESS FILE saves the data of a master as it is now.
save() { cli 3500 -h "$1" -p 6379 --rdb "$2" >"$scratch/complaint" 2>&1 </dev/null && [ -s "$2" ]; }

# contents RDB prints key, type-independent digest of its value, one a line, sorted, of the keys that do not expire: a server of
# its own reads the file. It listens on a socket of root's alone, and is a copy, since the node's own is known by its program.
contents() {
	mkdir -p "$work/data"
	cp "$1" "$work/data/dump.rdb"
	cp "$redis/bin/redis-server" "$work/server"
	cat >"$work/redis.conf" <<-EOF
		port 0
		unixsocket $work/socket
		unixsocketperm 700
		dir $work/data
		save ""
		enable-debug-command local
		logfile $work/log
	EOF
	(LD_LIBRARY_PATH=$redis/lib exec "$work/server" "$work/redis.conf") >/dev/null 2>&1 </dev/null &
	reading=$!
	until_true 600 read_by "$reading" || fail 60 "the data cannot be read: $(tail -n 1 "$work/log")"
	reader --no-raw --scan </dev/null >"$work/keys"
	sed 's/^/pttl /' "$work/keys" | reader --raw >"$work/ttls"
	sed 's/^/debug digest-value /' "$work/keys" | reader --raw >"$work/digests"
	kill -TERM "$reading" 2>/dev/null || :
	wait "$reading" || :
	paste "$work/ttls" "$work/digests" "$work/keys" | sed -n 's/^-1\t//p' | LC_ALL=C sort
}

# reader ARGUMENTS... asks that server, which has no password.
reader() { LD_LIBRARY_PATH=$redis/lib timeout 3500 "$redis/bin/redis-cli" -s "$work/socket" "$@"; }

# read_by PID says whether that server has read its data; ends at once when it has ended.
read_by() {
	kill -0 "$1" 2>/dev/null || fail 60 "the data cannot be read: $(tail -n 1 "$work/log" 2>/dev/null)"
	[ "$(reader ping 2>/dev/null </dev/null)" = PONG ]
}
