# shellcheck shell=sh disable=SC2154 # sourced by zk-node; names come from node.sh
# What the server is in its ensemble, the cluster it is linked to: an observer. It has all data and no vote. The ensemble
# lists it, so that it is told of every change of the membership; the servers see to that themselves, as the ensemble's super
# user. Their ids are beyond those voters can have.

# voters prints the addresses of the ensemble's servers, as metadata has them.
voters() { grep -v '^#' "$conf/ensemble" | awk '{ print $1 }'; }

observer() { echo "server.$sid=$ip:2888:3888:observer;$ip:2181"; }

# role_settings prints the lines of zoo.cfg that make it one. The membership is made anew for every start: the addresses
# that were right when the server was stopped may all be gone.
role_settings() {
	{
		grep -v '^#' "$conf/ensemble" | while read -r addr id; do voter "$addr" "$id"; done
		observer
	} >"$volume/conf/first.new"
	mv "$volume/conf/first.new" "$volume/conf/first"
	say standaloneEnabled=false
	say reconfigEnabled=true
	say "dynamicConfigFile=$volume/conf/first"
}

# listing prints how the ensemble lists this server, nothing if it does not; fails when none of its servers answers.
listing() {
	for addr in $(voters); do
		four_letters "$addr" conf >"$scratch/ensemble" || continue
		grep -q '^server\..*:participant;' "$scratch/ensemble" || continue
		grep "^server\.$sid=" "$scratch/ensemble" | head -n 1
		return 0
	done
	return 1
}

# change ARGUMENTS... changes the ensemble's membership once; what ZooKeeper says is kept for complaint.
change() {
	say "reconfig $*" | client "$(voters | sed 's/$/:2181/' | paste -s -d , -)" >"$scratch/complaint" || :
}

listed() {
	found=$(listing) || return 1
	if [ "$found" = "$(observer)" ]; then return 0; fi
	change -add "$(observer)"
	return 1
}

unlisted() {
	found=$(listing) || return 1
	if [ -z "$found" ]; then return 0; fi
	change -remove "$sid"
	return 1
}

observes() { [ "$(state "$ip")" = observer ]; }
