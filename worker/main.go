package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"drover/worker/telemetry"
)

// version is set at build time.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "drover-worker:", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	var cfg config
	cmd := &cobra.Command{
		Use:   "drover-worker",
		Short: "Serve Drover's workflows and activities",
		Long: `Serve Drover's workflows and activities until SIGTERM or SIGINT.

Temporal is configured as for the temporal CLI: by its configuration file and the TEMPORAL_* variables.
Consul is configured by its own variables: CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN, CONSUL_CACERT and so on.
All other settings are flags, or variables with DROVER_ and the flag's name in capitals (DROVER_STATE_DIR).`,
		Example:       "  drover-worker --state-dir /var/lib/drover --images /var/lib/drover/images",
		Args:          cobra.NoArgs,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cfg.fromEnvironment(cmd.Flags(), os.LookupEnv); err != nil {
				return err
			}
			logger, err := telemetry.NewLogger(cmd.ErrOrStderr(), cfg.logFormat, cfg.logLevel)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, logger)
		},
	}
	cfg.flags(cmd.Flags())
	return cmd
}
