package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"drover/activities"
	"drover/codec"
	"drover/metadata/store"
	"drover/remote"
	"drover/worker/telemetry"
	"drover/workflows"
	"drover/workflows/api"
)

// stopWithin is how long running activities may take to end when the worker stops.
const stopWithin = 30 * time.Second

// beatEvery is the interval of heartbeats. It is also the SDK's time limit for one heartbeat before it gives the activity
// up, so it must be long enough for a busy server, and well below the heartbeat timeout of the workflows' options.
const beatEvery = 3 * time.Second

// dialWithin is how long a worker waits for Temporal when it starts.
const dialWithin = time.Minute

// serve runs the worker until ctx ends.
func serve(ctx context.Context, cfg config, logger *slog.Logger) error {
	meters, err := telemetry.NewMeters(version, logger)
	if err != nil {
		return err
	}
	deps, closeAll, err := dependencies(ctx, cfg, meters, logger)
	if err != nil {
		return err
	}
	defer closeAll()
	monitor, err := observable(cfg, meters, logger)
	if err != nil {
		return err
	}
	defer monitor.close()

	temporal, namespace, err := dial(ctx, cfg, meters, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	checkSearchAttributes(ctx, temporal.OperatorService(), namespace, logger)

	w := worker.New(temporal, api.TaskQueue, worker.Options{
		DisableRegistrationAliasing:  true,
		Interceptors:                 []interceptor.WorkerInterceptor{telemetry.Attempts(meters, logger), activities.Faults()},
		WorkerStopTimeout:            stopWithin,
		MaxHeartbeatThrottleInterval: beatEvery,
		// The build is shown by the UI and by temporal worker describe; tasks are not routed by it.
		DeploymentOptions: worker.DeploymentOptions{Version: worker.WorkerDeploymentVersion{DeploymentName: api.TaskQueue, BuildID: version}},
		OnFatalError:      func(err error) { logger.Error("worker ends", "error", err) },
	})
	deps.OperationRuns, deps.Temporal, deps.Schedules = operationRuns(temporal), temporal, schedules{temporal}
	acts := activities.New(deps)
	workflows.Register(w, acts)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start the worker: %w", err)
	}
	retryOrphans(ctx, temporal, logger)
	emptyBin(ctx, temporal, logger)
	go keepAccess(ctx, deps, logger)
	if err := keepWatch(ctx, cfg, temporal, logger); err != nil {
		w.Stop()
		return err
	}
	monitor.serves(deps, acts, temporal)
	logger.Info("serving", "task_queue", api.TaskQueue, "version", version)
	<-ctx.Done()
	logger.Info("stopping: running activities end, commands on nodes continue", "within", stopWithin)
	w.Stop()
	return nil
}

// dial connects to Temporal with the configuration of the temporal CLI, and returns the namespace in it too.
func dial(ctx context.Context, cfg config, meters *telemetry.Meters, logger *slog.Logger) (_ client.Client, namespace string, _ error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, "", fmt.Errorf("read Temporal's configuration: %w", err)
	}
	keys, err := codec.ReadKeys(cfg.payloadKey)
	if err != nil {
		return nil, "", err
	}
	codec.ApplyToWorker(&options, keys)
	options.Identity = codec.Identity(keys)
	options.Logger, options.MetricsHandler = telemetry.SDK(logger), meters.Handler()
	lively(&options.ConnectionOptions)
	c, err := dialPatiently(ctx, options, logger)
	if err != nil {
		return nil, "", fmt.Errorf("connect to Temporal at %s: %w; check that it runs and that TEMPORAL_ADDRESS is right", options.HostPort, err)
	}
	return c, options.Namespace, nil
}

// dialPatiently retries for dialWithin: servers that are started together become ready in any order.
func dialPatiently(ctx context.Context, options client.Options, logger *slog.Logger) (client.Client, error) {
	ctx, done := context.WithTimeout(ctx, dialWithin)
	defer done()
	return backoff.Retry(ctx, func() (client.Client, error) { return client.DialContext(ctx, options) },
		backoff.WithNotify(func(err error, next time.Duration) {
			logger.Info("Temporal does not answer yet", "address", options.HostPort, "error", err, "retry_in", next.Round(time.Millisecond))
		}))
}

// dependencies opens the connections for activities. Only providers examine their environment: the features of the
// kernel, and whether the engine answers.
func dependencies(ctx context.Context, cfg config, meters *telemetry.Meters, logger *slog.Logger) (_ activities.Dependencies, closeAll func(), _ error) {
	var none activities.Dependencies
	signer, err := identity(cfg.identity)
	if err != nil {
		return none, nil, fmt.Errorf("SSH key: %w", err)
	}
	consulClient, consulConfig, err := consulWith(cfg.consulToken)
	if err != nil {
		return none, nil, err
	}
	nodeConsul := cfg.nodeConsul
	if nodeConsul == "" {
		nodeConsul = consulConfig.Scheme + "://" + consulConfig.Address
	}
	pool := remote.New(remote.Options{Signer: signer, Logger: logger})
	kv := store.New(consulClient, cfg.kvPrefix)
	go indexRecords(ctx, kv, logger)
	machines, err := openProviders(ctx, cfg, parts{pool: pool, kv: kv, logger: logger})
	if err != nil {
		_ = pool.Close()
		return none, nil, err
	}
	targets, byDefault, err := openTargets(cfg.providers.Backups, cfg.stateDir)
	if err != nil {
		_ = pool.Close()
		return none, nil, err
	}
	deps := activities.Dependencies{
		Backups: kv, BackupTargets: targets, DefaultBackupTarget: byDefault, Folders: folders{pool},
		Records: kv, Trees: kv, Apps: kv, Ledger: kv,
		KeyPairs:        remote.NewKeyPair,
		Agents:          agents{remote: remote.NewAgents(pool), pool: pool, binary: cfg.binary("drover-agent"), meters: meters},
		Providers:       machines,
		DefaultProvider: cfg.providers.Default,
		AuthorizedKey:   authorizedKey(signer),
		Identity:        cfg.identity,
		Keep:            cfg.keep,
		NodeConsul:      nodeConsul,
		KVPrefix:        cfg.kvPrefix,
		MetricsPort:     cfg.nodeMetrics,
		Now:             time.Now,
		Logger:          logger,
	}
	if consulConfig.Token != "" {
		deps.Access = store.NewAccess(consulClient, cfg.kvPrefix)
	}
	return deps, func() { pool.Close() }, nil
}
