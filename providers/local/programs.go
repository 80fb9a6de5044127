package local

import (
	"bytes"
	"os"
	"path/filepath"

	"drover/agent/api"
	"drover/durable"
	"drover/providers/local/internal/sandbox"
)

// programsDir is where nodes see the programs.
var programsDir = filepath.Dir(api.Binary)

// provide copies the programs of nodes into a folder of the provider, which nodes see: a file that is mounted by itself
// cannot be replaced under a running node. Programs change by rename, so what runs continues with the one it began with.
func (p *Provider) provide() error {
	if p.options.AgentBinary == "" {
		return nil
	}
	if err := os.Chmod(p.path("bin"), 0o755); err != nil { // it is a folder of every node, for all its users
		return ioFault(err, "open the folder of programs")
	}
	for name, file := range map[string]string{api.Binary: p.options.AgentBinary, nodeProgram: p.options.NodeBinary} {
		text, err := os.ReadFile(file)
		if err != nil {
			return ioFault(err, "read the program %s", file)
		}
		copied := p.path("bin", filepath.Base(name))
		if have, err := os.ReadFile(copied); err == nil && bytes.Equal(have, text) {
			continue // the same file stays: agents that run it are not restarted for it
		}
		if err := durable.Replace(copied, text, 0o755); err != nil {
			return ioFault(err, "provide %s to nodes", file)
		}
	}
	return nil
}

// programs is how a node gets them. A bare node has drover-node alone, in a folder of its own, where an agent can be installed.
func (p *Provider) programs() sandbox.Bind {
	if p.options.AgentBinary == "" {
		return sandbox.Bind{Source: p.options.NodeBinary, Target: nodeProgram, ReadOnly: true, NoSuid: true}
	}
	return sandbox.Bind{Source: p.path("bin"), Target: programsDir, ReadOnly: true, NoSuid: true}
}
