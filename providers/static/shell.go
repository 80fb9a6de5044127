package static

import (
	"context"

	"drover/providers"
)

// Shell runs a script as root on a host: through sudo for users who are not root.
type Shell interface {
	Run(ctx context.Context, at Access, script string) (Result, error)
}

// Access is how a host is reached.
type Access struct {
	Addr    string          `json:"addr"`
	User    string          `json:"user"`
	HostKey string          `json:"host_key"`
	KeyFile string          `json:"key_file,omitempty"`
	Jump    *providers.Jump `json:"jump,omitempty"`
}

// Result is how a script ended.
type Result struct {
	ExitCode       int
	Stdout, Stderr string
}

func (inv *Inventory) access(h Host) Access {
	a := Access{Addr: h.Addr(), User: h.User, HostKey: h.HostKey, KeyFile: h.KeyFile}
	if b := inv.bastion(h.Bastion); b != nil {
		a.Jump = &providers.Jump{Addr: b.Addr(), User: b.User, HostKey: b.HostKey, KeyFile: b.KeyFile}
	}
	return a
}
