package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drover/client"
	"drover/fault"
	"drover/starter/output"
	"drover/workflows/api"
)

func (a *app) backupSchedule() *cobra.Command {
	in := api.ScheduledBackupInput{}
	c := &cobra.Command{
		Use:   "schedule CLUSTER --window 03:00-05:00",
		Short: "Back a cluster up every day",
		Long: `Back a cluster up every day, when the window opens: a Temporal Schedule starts a workflow that waits
until no operation runs and all nodes are well, and then starts the backup. Without that before the
window closes, the window is missed, which show reports with the reason. Of the chains that the
schedule begins, the oldest are deleted beyond --keep. The schedule goes with its cluster.

The same command again replaces the schedule.`,
		Example: `  drover backup schedule orders --window 03:00-05:00 --keep 7 --chain 7
  drover backup schedule orders --window 23:00-01:00 --time-zone Europe/Berlin --target far
  drover backup schedule show orders
  drover backup schedule pause orders --reason migration
  drover backup schedule remove orders`,
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	flags := c.Flags()
	flags.StringVar(&in.Window, "window", "", "time of `day` in which the backup may begin, such as 03:00-05:00")
	flags.StringVar(&in.TimeZone, "time-zone", "", "time zone of the window, such as Europe/Berlin (default: UTC)")
	flags.IntVar(&in.Keep, "keep", 7, "number of chains to keep")
	flags.IntVar(&in.Chain, "chain", 7, "points of a chain: the first stores everything, the others what has changed")
	flags.StringVar(&in.Target, "target", "", "target of the data (default: the worker's)")
	_ = c.MarkFlagRequired("window")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		in.ClusterID = args[0]
		if err := invalid("the request is invalid", in.Problems()); err != nil {
			return output.Output{}, err
		}
		return a.scheduled(ctx, in.ClusterID, func(server *client.Client) error {
			if _, err := server.Cluster(ctx, in.ClusterID); err != nil {
				return err
			}
			return server.SetSchedule(ctx, in)
		})
	})
	c.AddCommand(a.scheduleShow(), a.schedulePause(true), a.schedulePause(false), a.scheduleRemove())
	return c
}

func (a *app) scheduleShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show CLUSTER",
		Short:             "Show the schedule of a cluster's backups, and its last runs",
		Example:           "  drover backup schedule show orders",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			return a.scheduled(ctx, args[0], func(*client.Client) error { return nil })
		}),
	}
}

func (a *app) schedulePause(pause bool) *cobra.Command {
	verb, short := "resume", "Resume a paused schedule"
	if pause {
		verb, short = "pause", "Pause the schedule of a cluster's backups"
	}
	var reason string
	c := &cobra.Command{
		Use:               verb + " CLUSTER",
		Short:             short,
		Example:           "  drover backup schedule " + verb + " orders",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for others")
	c.RunE = a.on(func(ctx context.Context, args []string) (output.Output, error) {
		return a.scheduled(ctx, args[0], func(server *client.Client) error {
			note := verb + "d by " + a.by
			if reason != "" {
				note += ": " + reason
			}
			return server.PauseSchedule(ctx, args[0], pause, note)
		})
	})
	return c
}

type scheduleRemoved struct {
	ClusterID string `json:"cluster_id"`
	Removed   bool   `json:"removed"`
}

func (a *app) scheduleRemove() *cobra.Command {
	return &cobra.Command{
		Use:               "remove CLUSTER",
		Short:             "Remove the schedule of a cluster's backups; backups stay",
		Example:           "  drover backup schedule remove orders",
		Args:              exactly("CLUSTER"),
		ValidArgsFunction: a.completeClusters,
		RunE: a.on(func(ctx context.Context, args []string) (output.Output, error) {
			server, err := a.temporal(ctx)
			if err == nil {
				err = server.RemoveSchedule(ctx, args[0])
			}
			if err != nil {
				return output.Output{}, err
			}
			return output.Output{
				Value:  scheduleRemoved{ClusterID: args[0], Removed: true},
				Blocks: []output.Block{output.Lines{"The schedule of " + args[0] + " is removed; its backups stay."}},
			}, nil
		}),
	}
}

// temporal is the connection to Temporal, which keeps schedules.
func (a *app) temporal(ctx context.Context) (*client.Client, error) {
	server, err := a.server(ctx)
	if err != nil {
		return nil, err
	}
	direct, ok := server.(*client.Client)
	if !ok {
		return nil, fault.New(fault.Invalid, "drover backup schedule does not work with --server: schedules are Temporal's").
			WithHint("leave --server and DROVER_SERVER out")
	}
	return direct, nil
}

// scheduled changes a schedule, and shows it as it is then.
func (a *app) scheduled(ctx context.Context, id string, change func(*client.Client) error) (output.Output, error) {
	server, err := a.temporal(ctx)
	if err == nil {
		err = change(server)
	}
	if err != nil {
		return output.Output{}, err
	}
	s, err := server.Schedule(ctx, id)
	if err != nil {
		return output.Output{}, err
	}
	zone, next := s.TimeZone, ""
	if zone == "" {
		zone = "UTC"
	}
	switch {
	case s.Paused:
		next = strings.TrimSpace("never, " + s.Note)
	case !s.Next.IsZero():
		next = s.Next.UTC().Format(time.RFC3339)
	}
	fields := output.Fields{
		{"cluster", s.ClusterID}, {"window", s.Window + " " + zone}, {"next", next}, {"keep", fmt.Sprintf("%d chains of %d points", s.Keep, s.Chain)},
		{"target", s.Target},
	}
	if s.Missed > 0 {
		fields = append(fields, output.Field{"missed", fmt.Sprintf("%d windows during which Temporal was down", s.Missed)})
	}
	t := output.Table{Header: []string{"window opened", "state", "result"}, Empty: "No window has opened yet."}
	for _, run := range s.Runs {
		t.Rows = append(t.Rows, []string{run.Opened.UTC().Format(time.RFC3339), run.State, runWords(run)})
	}
	return output.Output{Value: s, Blocks: []output.Block{fields, t}}, nil
}

func runWords(run client.ScheduledRun) string {
	switch {
	case run.Error != nil:
		return run.Error.Message
	case run.Result == nil:
		return ""
	case run.Result.Skipped != "":
		return "skipped: " + run.Result.Skipped
	}
	text := "backup " + run.Result.Backup
	if n := len(run.Result.Deleted); n > 0 {
		text += fmt.Sprintf(", %s deleted: %s", count(n, "chain"), strings.Join(run.Result.Deleted, " "))
	}
	return text
}
