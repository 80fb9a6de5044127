# shellcheck shell=sh disable=SC2154 # sourced by zk-node; names come from node.sh
# Questions to ZooKeeper's servers, and changes of the membership.

# four_letters ADDRESS WORD [PORT] asks a server with one of its four-letter words: cheap, no Java.
four_letters() {
	# shellcheck disable=SC2016 # for bash: /dev/tcp is its own
	timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$3" && printf %s "$2" >&3 && cat <&3' - "$1" "$2" "${3:-2181}" 2>/dev/null
}

# state ADDRESS prints leader, follower or observer for a server that serves, and nothing for any other.
state() {
	four_letters "$1" mntr | awk '$1 == "zk_server_state" { s = $2 } $1 == "zk_peer_state" && / broadcast$/ { ok = 1 } END { if (ok) print s }'
}

# serves ADDRESS says whether a server is part of a quorum and serves clients.
serves() { [ -n "$(state "$1")" ]; }

# membership ADDRESS prints the server ids of the voters as that server knows them.
membership() { four_letters "$1" conf | sed -n 's/^server\.\([0-9]*\)=.*:participant;.*/\1/p'; }

# votes SID says whether a server id is a voter's, asking the settled servers until one answers; 2 if nobody does.
votes() {
	for addr in $(settled); do
		serves "$addr" || continue
		case " $(membership "$addr" | paste -s -d ' ' -) " in
		*" $1 "*) return 0 ;;
		'  ') continue ;;
		esac
		return 1
	done
	return 2
}

# java HEAP ARGUMENTS... runs the image's Java. Nothing but it sees the image's libraries.
java() {
	heap=$1
	shift
	LD_LIBRARY_PATH=$zk/lib exec "$zk/jre/bin/java" "-Xmx${heap}m" -XX:+UseSerialGC -XX:-UsePerfData -Djava.net.preferIPv4Stack=true \
		-Djava.util.logging.config.file="$app/lib/logging.properties" -cp "$zk/jars/*" "$@"
}

# client SERVERS runs commands from stdin, after having logged in as the one who may change the membership. The secret
# goes through the pipe, never through arguments.
client() {
	{
		say "addauth digest super:$(value super "$conf/node")"
		cat
		say quit
	} | (java 64 -XX:TieredStopAtLevel=1 -Dzookeeper.jmx.log4j.disable=true org.apache.zookeeper.ZooKeeperMain -timeout 10000 -server "$1") 2>&1
}

# voter ADDRESS SID prints a line of the membership as ZooKeeper writes it.
voter() { echo "server.$2=$1:2888:3888:participant;$1:2181"; }

# reconfigure ARGUMENTS... changes the membership once; what ZooKeeper says is kept for complaint.
reconfigure() {
	say "reconfig $*" | client "$ip:2181" >"$scratch/complaint" || :
}

# complaint prints why the last change failed, in ZooKeeper's words.
complaint() { grep -v '^$\|^WATCH\|^Watched\|^Connecting\|^Welcome\|^JLine\|^server\.\|super:' "$scratch/complaint" 2>/dev/null | tail -n 1; }
