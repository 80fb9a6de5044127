package chaos

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"drover/providers"
	"drover/tests/tracer"
)

// strays are what an operation must not leave behind although the cluster lives on: processes and mounts of nodes that
// are gone, commands that run on, and addresses and folders of nodes that nobody lists.
func (c *cluster) strays(ctx context.Context, all providers.Resources) (wrong []string, err error) {
	// What belongs to those that are there, by how Leftovers tells it; locks come and go.
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
			continue // the one that has all nodes' groups in it
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
