# shellcheck shell=sh disable=SC2034,SC2154 # sourced by services; names come from node.sh
# The data of a server as files: snapshots, which servers write while they change, and the transactions since.

# argument JSON sets path and snapshot: the folder and the id of the backup that backup, restore and verify are about.
argument() {
	path=$(printf '%s' "${1:-}" | sed -n 's/.*"path" *: *"\([^"]*\)".*/\1/p')
	snapshot=$(printf '%s' "${1:-}" | sed -n 's/.*"snapshot_id" *: *"\([^"]*\)".*/\1/p')
	if [ -z "$path" ] || [ -z "$snapshot" ]; then fail 61 "the argument names no path and no snapshot_id"; fi
}

# zxid FILE prints the number of the transaction that the name of a snapshot or of a file of transactions has.
zxid() { echo $((0x${1##*.})); }

# by_zxid PATTERN prints the files of that kind in version-2, newest first.
by_zxid() {
	for file in "$data/version-2/$1".*; do
		case ${file##*.} in
		*[!0-9a-f]*) ;;
		*) if [ -e "$file" ]; then say "$(zxid "$file") $file"; fi ;;
		esac
	done | sort -rn | cut -d ' ' -f 2-
}

# transactions FILE prints the numbers of the transactions in a file; fails when one of them is not whole.
transactions() {
	(java 64 -XX:TieredStopAtLevel=1 org.apache.zookeeper.server.persistence.TxnLogToolkit --dump "$1") >"$scratch/dump" 2>&1 || return 1
	if grep -q 'CRC ERROR' "$scratch/dump"; then return 1; fi
	sed -n 's/.* zxid 0x\([0-9a-f]*\) .*/\1/p' "$scratch/dump"
}

# copied FOLDER LAST copies what this server has on its disk; succeeds when the transaction LAST is in it. The server goes on
# writing: a file may go, and the last transaction may be half there, and then the copy is made again. The newest snapshot may be
# half written, and the one before it counts.
copied() {
	rm -rf "$1"/version-2
	mkdir -p "$1/version-2"
	by_zxid snapshot | head -n 2 >"$scratch/files"
	[ -s "$scratch/files" ] || return 1
	from=$(zxid "$(tail -n 1 "$scratch/files")")
	last=0
	for file in $(by_zxid log); do
		say "$file" >>"$scratch/files"
		# The file with the number before the snapshot's has the transactions that the snapshot may lack.
		if [ "$(zxid "$file")" -le "$from" ]; then break; fi
	done
	while read -r file; do
		cp --sparse=always "$file" "$1/version-2/" 2>/dev/null || return 1
	done <"$scratch/files"
	for file in "$1"/version-2/log.*; do
		if [ ! -e "$file" ]; then break; fi
		transactions "$file" >"$scratch/numbers" || return 1
		newest=$(tail -n 1 "$scratch/numbers")
		if [ "$((0x${newest:-0}))" -gt "$last" ]; then last=$((0x$newest)); fi
	done
	newest=$(zxid "$(head -n 1 "$scratch/files")")
	if [ "$newest" -gt "$last" ]; then last=$newest; fi
	[ "$last" -ge "$2" ]
}

# copy_state FOLDER copies all data. What was acknowledged before is in it: this server waits for its leader first, and its disk
# has everything that it had then.
copy_state() {
	serves "$ip" || fail 14 "ZooKeeper does not serve on this node"
	say "sync /" | client "$ip:2181" >"$scratch/complaint"
	grep -q '^Sync is OK' "$scratch/complaint" || fail 14 "this server does not reach its leader: $(complaint)"
	now=$(four_letters "$ip" srvr | sed -n 's/^Zxid: 0x//p')
	[ -n "$now" ] || fail 14 "ZooKeeper does not answer on this node"
	until_true 120 copied "$1" "$((0x$now))" || fail 60 "the files of $data/version-2 could not be copied whole, up to transaction 0x$now"
}

# contents FOLDER prints path, numbers, version and data of every node that is meant to stay, sorted, of a copy of the data, which
# changes: a server of its own reads it, applies the transactions and writes one snapshot. Nodes that go with their session do
# so after a restore too, and what is below /zookeeper is the server's own.
contents() {
	mkdir -p "$1"
	printf '%s\n' "dataDir=$1" "clientPort=2189" "clientPortAddress=$ip" admin.enableServer=false >"$1/zoo.cfg"
	(java "$(value heap_mib "$conf/settings")" -XX:TieredStopAtLevel=1 -Dzookeeper.jmx.log4j.disable=true \
		org.apache.zookeeper.server.ZooKeeperServerMain "$1/zoo.cfg") >"$1/out" 2>&1 </dev/null &
	reading=$!
	until_true 600 read_by "$reading" "$1" || :
	kill -TERM "$reading" 2>/dev/null || :
	wait "$reading" || :
	[ -n "$fresh" ] || fail 60 "the data cannot be read: $(grep -v '^$' "$1/out" | tail -n 1)"
	(java "$(value heap_mib "$conf/settings")" -XX:TieredStopAtLevel=1 org.apache.zookeeper.server.SnapshotFormatter -d "$fresh") >"$1/nodes" 2>"$1/out" ||
		fail 60 "the data cannot be read: $(tail -n 1 "$1/out")"
	awk '
		function print_node() { if (path != "" && path !~ /^\/zookeeper(\/|$)/ && owner ~ /^0x0+$/) print path, numbers }
		/^\// { print_node(); path = $0; numbers = ""; owner = "" }
		$1 == "ephemeralOwner" { owner = $3 }
		$1 == "cZxid" || $1 == "mZxid" || $1 == "dataVersion" || $1 == "data" { numbers = numbers " " $3 }
		/^----/ || /^Session/ { print_node(); path = "" }
		END { print_node() }' "$1/nodes" | LC_ALL=C sort
}

# read_by PID FOLDER succeeds when that server has written the snapshot, and sets fresh to it, or when it has ended.
read_by() {
	fresh=
	kill -0 "$1" 2>/dev/null || return 0
	four_letters "$ip" srvr 2189 | grep -q '^Zxid: ' || return 1
	fresh=$(find "$2/version-2" -name 'snapshot.*' -newer "$2/zoo.cfg" | head -n 1)
	[ -n "$fresh" ]
}
