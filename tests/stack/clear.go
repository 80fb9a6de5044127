package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"drover/starter/process"
)

// names of processes in the order they are ended: console and worker first, while what they talk to is still there.
var names = []string{"drover-console", "drover-worker", "temporal", "consul"}

// left is a process that a stack noted in its folder.
type left struct {
	name, file, started string
	pid                 int
}

// Running names the processes of a stack in dir that are alive, whatever process started them.
func Running(dir string) ([]string, error) {
	all, err := noted(dir)
	var alive []string
	for _, p := range all {
		if p.alive() {
			alive = append(alive, p.name)
		}
	}
	return alive, err
}

// Clear ends the processes of a stack in dir that some other program started, and says which.
func Clear(dir string) (ended []string, _ error) {
	all, err := noted(dir)
	errs := []error{err}
	for _, p := range all {
		if p.alive() {
			errs = append(errs, process.End(p.pid, p.started))
			ended = append(ended, p.name+" ("+strconv.Itoa(p.pid)+")")
		}
		errs = append(errs, os.Remove(p.file))
	}
	return ended, errors.Join(errs...)
}

// noted reads the process ids of a stack, in the order to end them. Empty is a folder without a stack.
func noted(dir string) ([]left, error) {
	files, err := filepath.Glob(filepath.Join(dir, "pids", "*"))
	if err != nil {
		return nil, err
	}
	var all []left
	var errs []error
	for _, file := range files {
		p := left{name: filepath.Base(file), file: file}
		data, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			_, err = fmt.Sscanf(string(data), "%d %s", &p.pid, &p.started)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b left) int { return slices.Index(names, a.name) - slices.Index(names, b.name) })
	return all, errors.Join(errs...)
}

// alive is false for an id that another process has now.
func (p left) alive() bool {
	started, err := process.StartTime(p.pid)
	return err == nil && started == p.started && !process.IsZombie(p.pid)
}
