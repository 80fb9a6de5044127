# shellcheck shell=sh disable=SC2154 # sourced by etcd-node; names come from node.sh
# Questions to etcd and changes of its membership, with the etcdctl of the image.

# at ADDRESS COMMAND... asks one member. What etcdctl complains about is kept for complaint.
at() {
	at_ip=$1
	shift
	etcdctl --endpoints="$(client_url "$at_ip")" --dial-timeout=2s --command-timeout=5s "$@" 2>"$scratch/complaint"
}

# ask COMMAND... asks the settled members one by one until one answers, the one that answered last time first: a member
# that is down, or is a learner and answers nothing, costs time and nothing else.
ask() {
	last=$(cat "$scratch/answers" 2>/dev/null) || :
	for ask_ip in $last $(settled | grep -vFx "${last:--}"); do
		if at "$ask_ip" "$@"; then
			echo "$ask_ip" >"$scratch/answers"
			return 0
		fi
	done
	rm -f "$scratch/answers"
	return 1
}

# complaint prints why the last question failed, in etcd's words.
complaint() { grep -v '^{' "$scratch/complaint" 2>/dev/null | tail -n 1 | sed 's/^Error: //'; }

# serves ADDRESS says whether a member answers a read that needs a quorum. `endpoint health` would do the same, but
# it fails on a full database too, which is no reason to restart or to replace anything.
serves() { at "$1" get etcd-node --keys-only >/dev/null; }

# quorum says whether the cluster can decide anything.
quorum() { ask get etcd-node --keys-only >/dev/null; }

# status ADDRESS NAME prints one field of a member's status; works for learners and without quorum.
status() { at "$1" endpoint status -w fields | sed -n "s/^\"$2\" : //p" | tr -d '"'; }

# learner_here says whether etcd on this node runs as a learner that found its leader.
learner_here() {
	[ "$(status "$ip" IsLearner)" = true ] && [ "$(status "$ip" Leader)" != 0 ]
}

# majority N prints how many of N voters decide.
majority() { echo $(($1 / 2 + 1)); }

# member ADDRESS prints "id name learner" of the member with that address ("-" for the name of one that never
# started), and nothing if there is none. Fails if nobody answers.
member() {
	ask member list -w simple >"$scratch/members" || return 1
	awk -F ', ' -v u="$(peer_url "$1")" '$4 == u { print $1, ($3 == "" ? "-" : $3), $6 }' "$scratch/members"
}
