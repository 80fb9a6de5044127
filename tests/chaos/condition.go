package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drover/lifecycle"
)

// The aspects of a cluster that an undone operation could leave changed.
const (
	machines = "machines" // at the provider: machines and volumes of nodes, their images, addresses and power state
	sizes    = "sizes"    // of machines and volumes, at the provider, in metadata and in the control record
	record   = "record"   // the control record, without the last operation and its result
	visible  = "metadata" // every key in Consul that nodes can read
	rendered = "files"    // the files that agents rendered from it on the nodes
	// sizes in these files
	renderedSizes = "sizes in files"
)

// aspects in their order.
var aspects = []string{machines, sizes, record, visible, rendered, renderedSizes}

// condition is the state of a cluster at its provider, in Consul and on its nodes' disks, by aspect. Machines are named by
// their nodes: an operation and its undo may give a node another machine.
type condition map[string][]string

// digest returns the digest of one aspect.
func (c condition) digest(aspect string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(c[aspect], "\n"))))
}

// changes are the lines that only one of two conditions has.
func (c condition) changes(to condition, aspect string) (lines []string) {
	for _, line := range c[aspect] {
		if !slices.Contains(to[aspect], line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range to[aspect] {
		if !slices.Contains(c[aspect], line) {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}

// condition reads all aspects, none of them through Drover, which could be wrong about its own state.
func (c *cluster) condition(ctx context.Context) (condition, error) {
	out := condition{}
	all, err := c.world.machines.List(ctx, c.id)
	if err != nil {
		return nil, err
	}
	keys, err := c.world.keys(ctx, c.id)
	if err != nil {
		return nil, err
	}
	names, err := onRecord(keys["drover/state/"+c.id]) // instance id, node id, ...
	if err != nil {
		return nil, err
	}
	for _, i := range all.Instances {
		names = append(names, i.ID, i.Tags.NodeID)
	}
	byNode := strings.NewReplacer(names...)
	add := func(aspect, format string, args ...any) {
		out[aspect] = append(out[aspect], byNode.Replace(fmt.Sprintf(format, args...)))
	}
	for _, n := range all.Networks {
		add(machines, "network %q", n.VxNet)
	}
	for _, v := range all.Volumes {
		add(machines, "volume %s of %s, used by %q", v.ID, v.Tags.NodeID, v.InUseBy)
		add(sizes, "volume %s: %d GiB", v.ID, v.SizeGiB)
	}
	for _, i := range all.Instances {
		add(machines, "%s: image %s, %s, %s", i.Tags.NodeID, i.Image, i.IP, i.State)
		add(sizes, "%s: %+v", i.Tags.NodeID, i.Size)
		for _, file := range []string{treeFile, levelFile} {
			text, err := os.ReadFile(filepath.Join(c.world.stack.StateDir, "nodes", i.ID, "root", file))
			if errors.Is(err, fs.ErrNotExist) {
				text, err = []byte("none\n"), nil
			}
			if err != nil {
				return nil, err
			}
			for line := range strings.Lines(string(text)) {
				add(aspectOf(line, rendered, renderedSizes), "%s%s: %s", i.Tags.NodeID, file, strings.TrimSuffix(line, "\n"))
			}
		}
	}
	for key, value := range keys {
		switch {
		case key == "drover/state/"+c.id:
			lines, err := recorded(value)
			if err != nil {
				return nil, err
			}
			for _, line := range lines {
				add(aspectOf(line, record, sizes), "%s", line)
			}
		case strings.HasPrefix(key, "drover/clusters/"+c.id+"/self/"), strings.HasPrefix(key, "drover/clusters/"+c.id+"/roles/"):
			add(aspectOf(key+" ", visible, sizes), "%s = %s", key, value)
		}
	}
	for _, lines := range out {
		slices.Sort(lines)
	}
	return out, nil
}

// onRecord returns the machines in a control record, each with its node: one may be gone, and its successor not yet
// created.
func onRecord(text string) (names []string, err error) {
	if text == "" {
		return nil, nil // there is no cluster
	}
	var rec lifecycle.Record
	if err := json.Unmarshal([]byte(text), &rec); err != nil {
		return nil, err
	}
	for _, n := range rec.Nodes {
		if n.InstanceID != "" {
			names = append(names, n.InstanceID, n.ID)
		}
	}
	return names, nil
}

// aspectOf is the second aspect for a line about a size, the first for all others.
func aspectOf(line, other, ofSizes string) string {
	for _, field := range []string{"/cpu ", "/memory ", "/volume_size ", ".cpu ", ".memory ", ".volume_size ", ".volume.size "} {
		if strings.Contains(line, field) {
			return ofSizes
		}
	}
	return other
}

// volatile are the fields of a control record that describe operations and not the cluster: the last operation, its number,
// its revisions, the reason of its end; and the fields that change with the machine of a node.
var volatile = []string{"operation", "revision", "reason", "ssh", "has_token"}

// recorded returns the fields of a control record, one per line.
func recorded(text string) (lines []string, err error) {
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return nil, err
	}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, field := range v {
				if !slices.Contains(volatile, key) {
					walk(path+"."+key, field)
				}
			}
		case []any:
			for i, element := range v {
				name := fmt.Sprint(i)
				if o, ok := element.(map[string]any); ok && o["node_id"] != nil {
					name = fmt.Sprint(o["node_id"])
				}
				walk(path+"."+name, element)
			}
		default:
			lines = append(lines, fmt.Sprintf("%s = %v", path, v))
		}
	}
	walk("", value)
	return lines, nil
}
