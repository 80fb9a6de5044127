package remote

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"drover/fault"
	"drover/remote/target"

	"golang.org/x/crypto/ssh"
)

// Target is the address of a node with its login and pinned host key.
type Target = target.Target

// key identifies a connection: targets with the same key share one. A connection is for one user only.
type key struct{ addr, user, hostKey, keyFile, jump string }

func keyOf(t Target) key {
	k := key{addr: t.Addr, user: t.User, hostKey: t.HostKey, keyFile: t.KeyFile}
	if t.Jump != nil {
		k.jump = fmt.Sprintf("%q", keyOf(*t.Jump))
	}
	return k
}

// faultAt returns a fault at the target's node.
func faultAt(t Target, typ fault.Type, format string, args ...any) *fault.Fault {
	return fault.New(typ, format, args...).At("", t.NodeID, "")
}

// checkTarget parses the pinned host key and reports every problem of the target at once.
func checkTarget(t Target) (ssh.PublicKey, *fault.Fault) {
	var problems []string
	if _, _, err := net.SplitHostPort(t.Addr); err != nil {
		problems = append(problems, "address is not host:port: "+err.Error())
	}
	if t.User == "" {
		problems = append(problems, "user is empty")
	}
	if t.Jump != nil && t.Jump.Jump != nil {
		problems = append(problems, "jump host is behind another jump host, which is not supported")
	}
	var pinned ssh.PublicKey
	if t.HostKey == "" {
		problems = append(problems, "no host key is pinned; Drover never trusts a key on first use")
	} else if k, _, _, _, err := ssh.ParseAuthorizedKey([]byte(t.HostKey)); err != nil {
		problems = append(problems, "pinned host key cannot be parsed: "+err.Error())
	} else if !slices.Contains(hostKeys, k.Type()) && k.Type() != ssh.KeyAlgoRSA {
		problems = append(problems, "pinned host key is of the unsupported type "+k.Type())
	} else {
		pinned = k
	}
	if len(problems) > 0 {
		f := faultAt(t, fault.Invalid, "the recorded SSH target of node %s is invalid", t)
		f.Problems = problems
		return nil, f.WithHint("%s", strings.Join(problems, "; "))
	}
	return pinned, nil
}
