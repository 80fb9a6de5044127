package chaos

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keepLogs copies the logs of the cluster's nodes to the world's folder, before they are removed: their consoles, and the
// logs of their SSH server, agent and services. The result lists which machines run.
func (c *cluster) keepLogs() (said string, err error) {
	nodes, err := filepath.Glob(filepath.Join(c.world.stack.StateDir, "nodes", "*"))
	var states []string
	for _, node := range nodes {
		id := filepath.Base(node)
		to := filepath.Join(c.world.Dir, "failed", c.id, id)
		state := "runs"
		if all, processErr := c.world.processes(id); processErr != nil || len(all) == 0 {
			state = "is off"
		} else {
			err = errors.Join(err, writeProcesses(filepath.Join(to, "processes"), all))
		}
		states = append(states, id+" "+state)
		err = errors.Join(err, copyLogs(node, to))
	}
	return strings.Join(states, ", "), err
}

func writeProcesses(file string, all []process) error {
	var text strings.Builder
	for _, p := range all {
		fmt.Fprintln(&text, p)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text.String()), 0o600)
}

// copyLogs copies the records and logs of a node's folder.
func copyLogs(node, to string) error {
	var errs []error
	for _, pattern := range []string{"console.log", "node.json", "pid.json", "root/var/log/drover/*.log"} {
		files, err := filepath.Glob(filepath.Join(node, pattern))
		errs = append(errs, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				continue // it is ending
			}
			errs = append(errs, err, os.MkdirAll(to, 0o700), os.WriteFile(filepath.Join(to, filepath.Base(file)), text, 0o600))
		}
	}
	return errors.Join(errs...)
}
