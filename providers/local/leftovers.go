package local

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Leftovers says in words what of this state folder still exists: instances, volumes, networks, addresses, locks,
// cgroups, processes that live in a node's mounts, and mounts of the host below the folder. After all clusters are
// deleted it is empty.
func (p *Provider) Leftovers(ctx context.Context) ([]string, error) {
	var left []string
	entries, err := os.ReadDir(p.options.StateDir)
	if err != nil {
		return nil, ioFault(err, "list state folder")
	}
	for _, e := range entries {
		switch e.Name() {
		case "bin": // the provider's own programs, of no cluster
		case "backups": // the worker's default target; backups outlive their clusters
		case "nodes", "volumes", "snapshots", "networks", "addresses", "locks":
			below, err := os.ReadDir(p.path(e.Name()))
			if err != nil {
				return nil, ioFault(err, "list %s", e.Name())
			}
			for _, b := range below {
				left = append(left, p.path(e.Name(), b.Name()))
			}
		default:
			left = append(left, p.path(e.Name()))
		}
	}
	groups, err := p.limits.leftovers()
	if err != nil {
		return nil, err
	}
	left = append(left, groups...)
	processes, err := filepath.Glob("/proc/[0-9]*/mountinfo")
	if err != nil {
		return nil, ioFault(err, "list processes")
	}
	for _, file := range processes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		// Processes end while we look, and other users' are not ours.
		if id := p.nodeOf(file); id != "" {
			pid := filepath.Base(filepath.Dir(file))
			left = append(left, fmt.Sprintf("process %s of node %s", pid, id))
		}
	}
	mounts, err := p.hostMounts()
	return append(left, mounts...), err
}

// nodeOf finds the mark that every node's mounts carry as their source.
func (p *Provider) nodeOf(mountinfo string) string {
	f, err := os.Open(mountinfo)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), " "+p.mark+"/"); ok {
			id, _, _ := strings.Cut(rest, " ")
			return id
		}
	}
	return ""
}

// hostMounts are mounts in this process' own table strictly below the state folder.
func (p *Provider) hostMounts() ([]string, error) {
	raw, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, ioFault(err, "read mount table")
	}
	var left []string
	for line := range strings.Lines(string(raw)) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		// Spaces and the like are written as octal escapes, as Go's own quoting understands them.
		at, err := strconv.Unquote(`"` + strings.ReplaceAll(fields[4], `"`, `\"`) + `"`)
		if err == nil && strings.HasPrefix(at, p.options.StateDir+"/") {
			left = append(left, "mount "+at)
		}
	}
	return left, nil
}
