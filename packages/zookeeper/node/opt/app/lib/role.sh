# shellcheck shell=sh disable=SC2154 # sourced by zk-node; names come from node.sh
# What the server is in its ensemble: a voter, or on its way to become one.

# digest prints the super user's password the way ZooKeeper stores it: base64(sha1(user:password)).
digest() {
	hash=$(printf 'super:%s' "$(value super "$conf/node")" | sha1sum | cut -c 1-40 | sed 's/../\\x&/g')
	/usr/bin/printf "$hash" | base64
}

# membership_file prints the newest membership ZooKeeper wrote; on the first start it is made: the founders for a founder,
# and for a node that joins the members and itself, which the leader takes as one without a vote until it is added.
membership_file() {
	file=$(find "$volume/conf" -name 'zoo.cfg.dynamic.*' 2>/dev/null | awk -F . '{ v = $NF; while (length(v) < 16) v = "0" v; print v, $0 }' | sort | tail -n 1 | cut -d ' ' -f 2)
	if [ -z "$file" ]; then
		file=$volume/conf/first
		{
			nodes member
			nodes adding | awk -v n="$node" '$1 == n'
		} | while read -r _ addr id; do voter "$addr" "$id"; done >"$file.new"
		mv "$file.new" "$file"
	fi
	say "$file"
}

# role_settings prints the lines of zoo.cfg that make it one.
role_settings() {
	say standaloneEnabled=false
	say reconfigEnabled=true
	say "DigestAuthenticationProvider.superDigest=super:$(digest)"
	say "dynamicConfigFile=$(membership_file)"
}
