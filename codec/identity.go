package codec

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"drover/fault"
)

const identityMark = " payload-keys="

// Identity is a worker's identity: what the SDK takes by default, and the ids of its keys. Clients see it before they send
// anything, and so send nothing in the clear to a worker with keys and nothing encrypted to one without.
func Identity(keys Keys) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s%s%s", os.Getpid(), host, identityMark, strings.Join(keys.IDs(), ","))
}

// Agree fails when no worker of those identities works with keys, each side reading what the other writes. One is enough:
// a worker that ended stays listed for some minutes. A worker that says nothing of keys has none.
func Agree(keys Keys, workers []string) error {
	var theirs []string
	for _, identity := range workers {
		_, list, _ := strings.Cut(identity, identityMark)
		var ids []string
		if list != "" {
			ids = strings.Split(list, ",")
		}
		if fits(keys, ids) {
			return nil
		}
		theirs = ids
	}
	switch {
	case len(workers) == 0:
		return nil
	case len(theirs) == 0:
		return fault.New(fault.Unauthorized, "the workers have no payload key, but the client uses key %s", keys.Active()).
			WithHint("start drover-worker with the same key file (--payload-key or DROVER_PAYLOAD_KEY), or run without a key; nothing was sent")
	case keys.Active() == "":
		return fault.New(fault.Unauthorized, "the workers encrypt with payload key %s, but no key is configured", theirs[0]).
			WithHint("set the key file with --payload-key or DROVER_PAYLOAD_KEY; nothing was sent")
	}
	return fault.New(fault.Unauthorized, "the payload keys differ: %v at the client, %v at the workers", keys.IDs(), theirs).
		WithHint("add each side's first key to the other side's file (--payload-key or DROVER_PAYLOAD_KEY); nothing was sent")
}

func fits(ours Keys, theirs []string) bool {
	if ours.Active() == "" || len(theirs) == 0 {
		return ours.Active() == "" && len(theirs) == 0
	}
	return slices.Contains(theirs, ours.Active()) && slices.Contains(ours.IDs(), theirs[0])
}
