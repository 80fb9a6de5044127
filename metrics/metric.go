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
	{"drover_concerns", Gauge, []string{"kind"}, "What needs attention, as drover concerns lists it"},
	{"drover_read_up", Gauge, nil, "1 when the records could be read for the metrics of the installation, which are missing otherwise"},
}

// Agent are the metrics of an agent about its node. The items of the package come on top: agentapi.MonitorItem.Metric.
var Agent = []Metric{
	{"drover_node_info", Gauge, []string{"cluster", "node", "role", "version"}, "The node, its role and the version of its agent; always 1"},
	{"drover_node_health", Gauge, []string{"state"}, "Health of the application on the node; 1 for the state it has"},
	{"drover_agent_consul_up", Gauge, nil, "1 when the agent reads its metadata from Consul"},
	{"drover_agent_revision", Gauge, nil, "Revision of the metadata that the node applied last"},
	{"drover_agent_warnings", Gauge, nil, "Templates, reload commands and addresses that fail on the node"},
	{"drover_agent_commands_running", Gauge, nil, "Commands that run on the node"},
	{"drover_monitor_up", Gauge, nil, "1 when the last run of the package's monitor command printed a JSON object within 5 s"},
	{"drover_monitor_timestamp_seconds", Gauge, nil, "When the monitor command ran last with success, in seconds since 1970"},
	{"drover_machine_cpu_seconds_total", Counter, []string{"mode"}, "Time of the machine's processors by mode"},
	{"drover_machine_cpus", Gauge, nil, "Processors of the machine"},
	{"drover_machine_load1", Gauge, nil, "Average number of runnable processes over one minute"},
	{"drover_machine_memory_bytes", Gauge, []string{"state"}, "Memory of the machine: total, available without swapping, and free swap space"},
	{"drover_machine_disk_reads_total", Counter, []string{"device"}, "Reads of the device"},
	{"drover_machine_disk_writes_total", Counter, []string{"device"}, "Writes of the device"},
	{"drover_machine_disk_read_bytes_total", Counter, []string{"device"}, "Bytes read from the device"},
	{"drover_machine_disk_written_bytes_total", Counter, []string{"device"}, "Bytes written to the device"},
	{"drover_machine_disk_busy_seconds_total", Counter, []string{"device"}, "Time during which the device had work"},
	{"drover_node_disk_size_bytes", Gauge, []string{"mount"}, "Size of the file system at the mount point"},
	{"drover_node_disk_used_bytes", Gauge, []string{"mount"}, "Used space of the file system at the mount point"},
	{"drover_node_disk_available_bytes", Gauge, []string{"mount"}, "Space that users other than root can still use"},
	{"drover_machine_network_received_bytes_total", Counter, []string{"interface"}, "Bytes received by the interface"},
	{"drover_machine_network_sent_bytes_total", Counter, []string{"interface"}, "Bytes sent by the interface"},
	{"drover_node_processes", Gauge, nil, "Processes of the node"},
	{"drover_node_cpu_seconds_total", Counter, nil, "Processor time that the node's processes used"},
	{"drover_node_memory_bytes", Gauge, nil, "Resident memory of the node's processes, shared pages counted once per process"},
	{"drover_node_processes_read_bytes", Gauge, nil, "Bytes that the node's present processes read from storage"},
	{"drover_node_processes_written_bytes", Gauge, nil, "Bytes that the node's present processes wrote to storage"},
}
