package metrics

// Kind is a type of Prometheus.
type Kind string

// Kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Metric describes one metric. The unit is part of its name, as Prometheus has it: seconds, bytes, a ratio, or a count.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string // one sentence without a full stop
}

// Default addresses: workers listen on loopback alone, agents at the address of their node.
const (
	WorkerAddress = "127.0.0.1:9464"
	AgentPort     = 9465
)

// Worker are the metrics of a worker about operations. Those of the installation are read when they are asked for and are
// the same at every worker: take the maximum over workers, not the sum.
var Worker = []Metric{
	{"drover_operation_duration_seconds", Histogram, []string{"operation", "outcome"}, "Time from the beginning of an operation to its end; outcome is succeeded, failed, cancelled or refused (which takes no time)"},
	{"drover_step_duration_seconds", Histogram, []string{"operation", "step", "outcome"}, "Time that a step of an operation took, holds included; outcome is done, failed, skipped or undone"},
	{"drover_holds_total", Counter, []string{"operation", "step"}, "Steps that failed and waited for an operator"},
	{"drover_command_duration_seconds", Histogram, []string{"service", "outcome"}, "Time that a command of a package ran on one node, by the node's clock; outcome is succeeded, failed or unknown"},
	{"drover_barrier_duration_seconds", Histogram, []string{"outcome"}, "Time until one node had applied a revision of the metadata; outcome is applied or failed"},
	{"drover_activity_failures_total", Counter, []string{"activity", "type"}, "Failed attempts of activities by type of the fault; refusals are not among them"},
	{"drover_worker_info", Gauge, []string{"version"}, "The worker and its version; always 1"},
}

// Installation are the metrics that every worker reads from the records.
var Installation = []Metric{
	{"drover_clusters", Gauge, []string{"app", "state"}, "Clusters by application and state"},
	{"drover_nodes", Gauge, []string{"health"}, "Nodes by health, as their agents report it: healthy, unhealthy, unknown, disabled (no health check), gone (the agent is silent) or off"},
	{"drover_operations_running", Gauge, []string{"operation"}, "Operations that are open, held ones among them"},
	{"drover_operations_held", Gauge, []string{"operation"}, "Operations with a step that waits for an operator"},
	{"drover_steps_waiting", Gauge, []string{"operation", "step", "state"}, "Steps that are in progress (running) or wait for an operator (held)"},
	{"drover_orphans", Gauge, []string{"provider", "kind"}, "Resources in the orphan ledger"},
	{"drover_read_up", Gauge, nil, "1 when the records could be read for the metrics of the installation, which are missing otherwise"},
}
