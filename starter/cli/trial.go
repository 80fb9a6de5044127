package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/specs"
	"drover/starter/output"
	"drover/starter/screen"
	"drover/starter/trial"
)

// trialValue is what `drover package test -o json` prints.
type trialValue struct {
	List[trial.Step]
	Package string `json:"package"`
	Passed  bool   `json:"passed"`
	// Again are services that failed when they ran a second time; NotTwice are those that were not run twice.
	Again    []trial.Again `json:"again"`
	NotTwice []string      `json:"not_twice"`
}

// trialFlags are those of drover package test.
type trialFlags struct {
	values         valueFlags
	images, checks string
	run            []string
	programs       trial.Programs
	healthy, limit time.Duration
	keep           bool
	until          string
}

func (a *app) packageTest() *cobra.Command {
	var f trialFlags
	c := &cobra.Command{
		Use:   "test FOLDER",
		Short: "Let a cluster of a package live through all operations, on this machine",
		Long: `Let a throw-away cluster of a package live on this machine: create, add-nodes, delete-nodes, scale, run
(with --run), restart (if the package defines it), stop, start, upgrade to the same package, delete.
Servers, a worker with provider local, nodes and data are the test's own, and are removed at its end.
No running installation is used.

FOLDER is what drover package new writes: package, images and, optionally, test. It may be a package
itself too, with --images.

Checks of your own are executable files in the folder test (--checks), named after a step (create,
add-nodes, ..., with or without .sh), or every for one that runs after every step. They run on this
machine after their step, when all nodes are healthy; another exit code than 0 fails the step. They see
TEST_CLUSTER, TEST_STEP, TEST_ROLE, TEST_NODES (role/sid=address ...), TEST_ADDRESSES, TEST_IMAGES, and the
variables with which drover and temporal find the servers of the test.

Every service runs twice, since Drover may have to repeat one: a second run that fails is reported.

Programs of Drover are taken from the folder of this one, temporal and consul from PATH; . .dev/env of a
source tree has both. A step that the package or Drover does not allow is skipped with the reason.
The first step that fails is the last one. Exit code 1 when a step or a second run failed.`,
		Example: `  drover package test my-app
  drover package test my-app --set my_app_node.count=3 --run show
  drover package test .build/packages/etcd-3.6 --images .build/images --checks packages/etcd/test -o json`,
		Args: exactly("FOLDER"),
	}
	flags := c.Flags()
	f.values.bind(flags)
	flags.StringVar(&f.images, "images", "", "`folder` with an image per folder (default: images in FOLDER)")
	flags.StringVar(&f.checks, "checks", "", "`folder` with your checks (default: test in FOLDER)")
	flags.StringArrayVar(&f.run, "run", nil, "run this custom `service` too; may be repeated")
	flags.StringVar(&f.until, "until", "", "leave out the steps after this `step`, except delete")
	_ = c.RegisterFlagCompletionFunc("until", cobra.FixedCompletions(trial.Steps, cobra.ShellCompDirectiveNoFileComp))
	flags.BoolVar(&f.keep, "keep", false, "when a step fails, keep servers and cluster until Ctrl-C")
	flags.DurationVar(&f.healthy, "healthy-within", time.Minute, "time for the nodes to become healthy after a step")
	flags.DurationVar(&f.limit, "check-timeout", time.Minute, "time limit of a check")
	flags.StringVar(&f.programs.Folder, "programs", "", "`folder` with drover-worker, drover-agent and drover-node (default: that of drover)")
	flags.StringVar(&f.programs.Temporal, "temporal", "", "the temporal `program` (default: temporal in PATH)")
	flags.StringVar(&f.programs.Consul, "consul", "", "the consul `program` (default: consul in PATH)")
	c.RunE = a.run(func(ctx context.Context, args []string) (output.Output, error) {
		return a.trial(ctx, args[0], &f)
	})
	return c
}

// trial reads what is to be tested, starts servers, lives, and removes them.
func (a *app) trial(ctx context.Context, dir string, f *trialFlags) (out output.Output, err error) {
	life, err := a.life(ctx, dir, f)
	if err != nil {
		return output.Output{}, err
	}
	if err := f.find(); err != nil {
		return output.Output{}, err
	}
	a.printer.Say("Starting Temporal, Consul and a worker ...")
	servers, err := trial.Start(ctx, f.programs)
	if err != nil {
		return output.Output{}, err
	}
	defer func() {
		a.printer.Say("Removing nodes and servers ...")
		err = errors.Join(err, servers.Stop())
	}()
	path, _ := a.env.LookupEnv("PATH")
	life.Checks.Env = append(servers.Env(), "PATH="+f.programs.Folder+string(os.PathListSeparator)+path)
	server, err := client.Dial(ctx, client.Options{Env: environment(servers.Env()), Now: a.Now})
	if err != nil {
		return output.Output{}, err
	}
	defer server.Close()
	report, err := life.Live(ctx, server)
	if err != nil {
		return output.Output{}, a.because(ctx, err, servers)
	}
	if f.keep && !report.Passed() {
		a.printer.Say("Kept until Ctrl-C: TEMPORAL_ADDRESS=%s drover status %s", servers.TemporalAddress, life.ClusterID)
		<-ctx.Done()
	}
	value := trialValue{
		List: listOf(report.Steps), Package: dir, Passed: report.Passed(),
		Again: append([]trial.Again{}, report.Again...), NotTwice: append([]string{}, report.Unwrapped...),
	}
	out = output.Output{Value: value, Blocks: trialBlocks(value)}
	if !value.Passed {
		return out, quiet{exitFailed}
	}
	return out, nil
}

// because adds the end of the worker's log to a failure of the servers.
func (a *app) because(ctx context.Context, err error, servers *trial.Servers) error {
	f := fault.As(err)
	if ctx.Err() != nil || f == nil || f.Type != fault.Unreachable && f.Type != fault.Internal {
		return err
	}
	with := *f
	with.Output = servers.WorkerLog()
	return &with
}

// life is the test of the package in a folder.
func (a *app) life(ctx context.Context, dir string, f *trialFlags) (*trial.Life, error) {
	where := dir
	if info, err := os.Stat(filepath.Join(dir, "package")); err == nil && info.IsDir() {
		where = filepath.Join(dir, "package")
	}
	if f.images == "" {
		f.images = filepath.Join(dir, "images")
	}
	if f.checks == "" {
		f.checks = filepath.Join(dir, "test")
	} else if err := folder("--checks", f.checks); err != nil {
		return nil, err
	}
	p, err := openPackage(where)
	if err != nil {
		return nil, err
	}
	if err := folder("--images", f.images); err != nil {
		return nil, err
	}
	found := specs.Lint(ctx, p)
	more, err := (&imageFolders{images: f.images}).check(ctx, p)
	if err != nil {
		return nil, err
	}
	if found = append(found, more...); found.HasErrors() {
		return nil, unpublishable(where, "tested", found.Errors())
	}
	if f.until != "" && !slices.Contains(trial.Steps, f.until) {
		return nil, fault.New(fault.Invalid, "--until %s: use one of %s", f.until, strings.Join(trial.Steps, ", "))
	}
	checks, err := trial.ReadChecks(f.checks)
	if err != nil {
		return nil, err
	}
	checks.Limit = f.limit
	values, err := f.values.read(a.Stdin)
	if err != nil {
		return nil, err
	}
	if f.programs.Images, err = filepath.Abs(f.images); err != nil {
		return nil, err
	}
	checks.Images = f.programs.Images
	watching := a.viewer()
	return &trial.Life{
		Package: p, Values: values, ClusterID: a.NewClusterID(), By: a.by, Run: f.run, Until: f.until, Checks: checks, HealthyWithin: f.healthy,
		Begin: func(s trial.Step) { a.printer.Say("\n== %s: %s", s.Name, s.What); watching = a.viewer() },
		Show:  func(s client.Sight) { watching.Show(s) },
		Done: func(s trial.Step) {
			watching.Close()
			a.printer.Say("%s", stepEnd(s))
		},
	}, nil
}

// find completes the programs.
func (f *trialFlags) find() error {
	var problems []string
	if f.programs.Folder == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		f.programs.Folder = filepath.Dir(self)
	}
	for _, name := range []string{"drover-worker", "drover-agent", "drover-node"} {
		if path := filepath.Join(f.programs.Folder, name); !isProgram(path) {
			problems = append(problems, path+" does not exist: name the folder of Drover's programs with --programs")
		}
	}
	for name, path := range map[string]*string{"temporal": &f.programs.Temporal, "consul": &f.programs.Consul} {
		wanted := *path
		if wanted == "" {
			wanted = name
		}
		found, err := exec.LookPath(wanted)
		if err != nil {
			problems = append(problems, fmt.Sprintf("the program %s is not in PATH: name it with --%s; in a source tree, . .dev/env or tools/ensure %s", wanted, name, name))
		}
		*path = found
	}
	return invalid("the programs of the test are not complete", problems)
}

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// stepEnd words how a step ended.
func stepEnd(s trial.Step) string {
	text := s.State
	if s.State != trial.Skipped {
		text += " after " + screen.Elapsed(time.Duration(s.TookMS)*time.Millisecond)
	}
	if s.Why != "" {
		text += ": " + s.Why
	}
	for _, c := range s.Checks {
		text += fmt.Sprintf("\n  %s: exit code %d after %s", c.File, c.ExitCode, screen.Elapsed(time.Duration(c.TookMS)*time.Millisecond))
		for _, line := range textLines(c.Output) {
			text += "\n    | " + line
		}
	}
	return text
}

func trialBlocks(v trialValue) []output.Block {
	t := output.Table{Header: []string{"step", "role", "result", "took", "detail"}, Drop: []string{"role"}}
	for _, s := range v.Items {
		took := ""
		if s.State != trial.Skipped {
			took = screen.Elapsed(time.Duration(s.TookMS) * time.Millisecond)
		}
		detail := s.What
		if s.Why != "" {
			detail = output.CleanLine(s.Why)
		}
		t.Rows = append(t.Rows, []string{s.Name, s.Role, s.State, took, detail})
	}
	var lines output.Lines
	for _, again := range v.Again {
		lines = append(lines, fmt.Sprintf("not idempotent: %s on %s, run again in step %s, ended with exit code %d", again.Service, again.Node, again.Step, again.ExitCode))
		for _, line := range textLines(again.Output) {
			lines = append(lines, "    | "+line)
		}
	}
	for _, service := range v.NotTwice {
		lines = append(lines, "not run twice: "+service+"; its cmd is not one text in cluster.json.mustache")
	}
	verdict := "passed"
	if !v.Passed {
		verdict = "FAILED"
	}
	return []output.Block{t, append(lines, v.Package+": "+verdict)}
}
