#!/bin/sh
# The life of a cluster with curl: life.sh APP. DROVER_SERVER is the address of drover-console, DROVER_TOKEN_FILE a file with a token.
set -eu
app=${1:?usage: life.sh APP}

# The token is not an argument: those can be read by every process of the machine.
request() {
	method=$1 path=$2
	shift 2
	printf 'header = "Authorization: Bearer %s"\n' "$(cat "$DROVER_TOKEN_FILE")" |
		curl --config - --silent --show-error --fail-with-body --request "$method" --header 'Content-Type: application/json' \
			"$@" "$DROVER_SERVER$path"
}

# field prints the first text field of a name in the JSON of standard input; a program would use jq.
field() { tr '{,' '\n' | sed -n "s/^\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# operation starts one and follows it to its end. The key makes it happen once, however often the request is sent.
operation() {
	path=$1 body=$2
	key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	id=$(request POST "$path" --retry 5 --retry-connrefused --header "Idempotency-Key: $key" --data "$body" | field id)
	echo "operation $id" >&2
	request GET "/v1/operations/$id/events" --no-buffer | sed -n '/^event: end/{n;s/^data: //p;q;}' >"$last"
	state=$(field state <"$last")
	echo "$state" >&2
	[ "$state" = succeeded ] || { field message <"$last" >&2; exit 1; }
	cluster=${id%%.*}
}

last=$(mktemp)
trap 'rm -f "$last"' EXIT

echo "# the plan" >&2
request POST '/v1/clusters?dry_run=true' --data "{\"input\": {\"app\": \"$app\"}}" | tr '{' '\n' | sed -n 's/.*"words":"\([^"]*\)".*/  \1/p'

echo "# create" >&2
operation /v1/clusters "{\"input\": {\"app\": \"$app\"}}"
request GET "/v1/clusters/$cluster" | field state

echo "# delete" >&2
operation "/v1/clusters/$cluster/operations" '{"type": "DeleteCluster"}'
echo "done"
