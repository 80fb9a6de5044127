package chaos

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"drover/providers"
	"drover/tests/tracer"
)

// strays returns leftovers of an operation on a cluster that still exists: processes and mounts of deleted nodes, commands
// that still run, and addresses and folders of nodes that the provider does not list.
func (c *cluster) strays(ctx context.Context, all providers.Resources) (wrong []string, err error) {
	// Entries of Leftovers that belong to existing nodes; locks come and go.
	own := []string{"/locks/", "/networks/" + c.id + "."}
	for _, i := range all.Instances {
		own = append(own, " of node "+i.ID, "/nodes/"+i.ID, "/addresses/"+i.IP, "/"+i.ID)
		if i.State != providers.Running {
			continue
		}
		processes, err := c.world.processes(i.ID)
		if err != nil {
			return wrong, err
		}
		for _, p := range processes {
			if strings.Contains(p.String(), tracer.Program) {
				wrong = append(wrong, fmt.Sprintf("left behind: on %s %s", i.Tags.NodeID, p))
			}
		}
	}
	for _, v := range all.Volumes {
		own = append(own, "/volumes/"+v.ID)
	}
	there, err := c.world.machines.Leftovers(ctx)
	for _, what := range there {
		if group, is := strings.CutPrefix(what, "cgroup "); is && !strings.HasPrefix(filepath.Base(group), "i-") {
			continue // the parent of all nodes' groups
		}
		if !belongs(what, own) {
			wrong = append(wrong, "left behind: "+what)
		}
	}
	return wrong, err
}

func belongs(what string, own []string) bool {
	for _, part := range own {
		if strings.Contains(what, part) {
			return true
		}
	}
	return false
}
