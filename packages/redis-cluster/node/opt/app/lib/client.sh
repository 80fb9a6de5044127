# shellcheck shell=sh disable=SC2154 # sourced by redis-node; names come from node.sh
# Questions to Redis, with the redis-cli of the image.

# password prints the one the servers have now.
password() {
	if [ -s "$run/applied" ]; then file=$run/applied; else file=$conf/settings; fi
	sed -n 's/^requirepass //p' "$file"
}

# cli SECONDS ARGUMENTS... runs redis-cli. The password goes through the environment, never through arguments; nothing
# but redis-cli sees the image's libraries.
cli() {
	cli_limit=$1
	shift
	REDISCLI_AUTH=$(password) LD_LIBRARY_PATH=$redis/lib timeout "$cli_limit" "$redis/bin/redis-cli" --no-auth-warning "$@"
}

# ask ADDRESS COMMAND... asks one server; fails when it answers with an error or not at all. What it says then is kept
# for complaint.
ask() {
	ask_ip=$1
	shift
	cli 10 -e -h "$ask_ip" -p 6379 "$@" 2>"$scratch/complaint" </dev/null
}

# complaint prints why the last question failed, in Redis' words.
complaint() { tail -n 1 "$scratch/complaint" 2>/dev/null; }

# info ADDRESS SECTION NAME prints one field of INFO.
info() { ask "$1" info "$2" | tr -d '\r' | sed -n "s/^$3://p"; }

# field ADDRESS NAME prints one field of CLUSTER INFO.
field() { ask "$1" cluster info | tr -d '\r' | sed -n "s/^$2://p"; }

# serves ADDRESS says whether a server answers and has its data in memory.
serves() { [ "$(ask "$1" ping)" = PONG ] && [ "$(info "$1" persistence loading)" = 0 ]; }
