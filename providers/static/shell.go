package static

import (
	"context"

	"drover/remote/target"
)

// Shell runs a script as root on a host: through sudo for users who are not root.
type Shell interface {
	Run(ctx context.Context, at target.Target, script string) (Result, error)
	// Reach logs in and runs nothing: bastions may allow no more than that.
	Reach(ctx context.Context, at target.Target) error
}

// Result is how a script ended.
type Result struct {
	ExitCode       int
	Stdout, Stderr string
}

func (inv *Inventory) access(h Host) target.Target {
	a := target.Target{Addr: h.Addr(), User: h.User, HostKey: h.HostKey, KeyFile: h.KeyFile}
	if b := inv.bastion(h.Bastion); b != nil {
		a.Jump = &target.Target{Addr: b.Addr(), User: b.User, HostKey: b.HostKey, KeyFile: b.KeyFile}
	}
	return a
}

// access is how an instance's host is reached now: as the inventory says, or, when the host is not in it any more, as it
// was reached last. A host is the same one as long as name and address are.
func (p *Provider) access(a *allocation) target.Target {
	inv, err := p.inventory()
	if err != nil {
		return a.Access
	}
	for _, h := range inv.Hosts {
		if h.Name == a.Host && h.Addr() == a.Access.Addr {
			return inv.access(h)
		}
	}
	return a.Access
}
