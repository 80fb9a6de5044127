package trial

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drover/fault"
	"drover/workflows/api"
)

// everyStep is the name of a check that runs after every step.
const everyStep = "every"

// Checks are scripts of the author, one for a step and one for every step. They run on this machine: the nodes have addresses of it.
type Checks struct {
	Dir    string
	Env    []string // of the servers
	Images string   // the folder
	Limit  time.Duration

	files map[string]string // by step
}

// Check is a script that ran.
type Check struct {
	File     string `json:"file"`
	ExitCode int    `json:"exit_code"`
	TookMS   int64  `json:"took_ms"`
	Output   string `json:"output,omitempty"`
}

// ReadChecks finds the scripts of a folder; a folder that does not exist has none. An executable file with another name than a
// step's is a mistake, so is a step's file that cannot be executed.
func ReadChecks(dir string) (Checks, error) {
	c := Checks{Dir: dir, files: map[string]string{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fault.Wrap(err, fault.Invalid, "the checks of the package cannot be read")
	}
	var problems []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.IsDir() {
			continue
		}
		name, path := strings.TrimSuffix(e.Name(), ".sh"), filepath.Join(dir, e.Name())
		known := name == everyStep || slices.Contains(Steps, name)
		switch executable := info.Mode()&0o111 != 0; {
		case known && executable:
			c.files[name] = path
		case known:
			problems = append(problems, path+" is not executable: chmod +x "+path)
		case executable:
			problems = append(problems, path+" is not a step: use "+strings.Join(append(slices.Clone(Steps), everyStep), ", "))
		}
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "the checks of the package cannot be used: %s", problems[0])
		f.Problems = problems
		return c, f
	}
	return c, nil
}

// run runs the checks of a step until one fails. After the deletion there is no cluster.
func (c Checks) run(ctx context.Context, s Step, clusterID string, cluster *api.ClusterView) ([]Check, error) {
	var out []Check
	for _, name := range []string{s.Name, everyStep} {
		file, ok := c.files[name]
		if !ok {
			continue
		}
		check, err := c.script(ctx, file, s, clusterID, cluster)
		if err != nil {
			return out, err
		}
		if out = append(out, check); check.ExitCode != 0 {
			break
		}
	}
	return out, nil
}

func (c Checks) script(ctx context.Context, file string, s Step, clusterID string, cluster *api.ClusterView) (Check, error) {
	limited, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	absolute, err := filepath.Abs(file)
	if err != nil {
		return Check{}, err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(limited, absolute)
	cmd.Dir = filepath.Dir(absolute)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Env = append(cmd.Env, "TEST_CLUSTER="+clusterID, "TEST_STEP="+s.Name, "TEST_ROLE="+s.Role, "TEST_IMAGES="+c.Images)
	if cluster != nil {
		labels, addresses := nodesOf(cluster)
		cmd.Env = append(cmd.Env, "TEST_NODES="+labels, "TEST_ADDRESSES="+addresses)
	}
	cmd.WaitDelay = time.Second // children that keep the output open
	began := time.Now()
	err = cmd.Run()
	check := Check{File: file, TookMS: time.Since(began).Milliseconds(), Output: lastLines(output.String(), 20)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return check, ctx.Err()
	case limited.Err() != nil:
		check.ExitCode, check.Output = -1, check.Output+"\nkilled after "+c.Limit.String()
	case errors.As(err, &exit):
		check.ExitCode = exit.ExitCode()
	case err != nil:
		return check, fault.Wrap(err, fault.Invalid, "check %s cannot be run", file).WithHint("its first line names its interpreter: #!/bin/sh")
	}
	return check, nil
}
