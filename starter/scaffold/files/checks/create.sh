#!/bin/sh
# After the creation every node answers its custom service.
set -eu
"$DROVER" run "$DROVER_CLUSTER" show -o json >/dev/null
