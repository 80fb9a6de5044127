package tracer

// Files on a node that the image brings and the agent renders.
const (
	Program       = "/opt/trace/tracer"
	CollectorFile = "/opt/trace/collector" // host:port
	ImageFile     = "/opt/trace/image"     // name of the image
	SeenFile      = "/etc/trace/seen"      // rendered: one JSON list of keys and values a line
	// VolumeLog and RootLog get a line per command: the one outlives every machine, the other identifies root disks.
	VolumeLog = "/data/trace"
	RootLog   = "/root/trace"
)

// Reload is the command of reload_cmd, which may run at any time.
const Reload = "reload"

// Paths of the collector.
const (
	BeginPath = "/begin" // Event -> Answer; answers when the command may continue
	EndPath   = "/end"   // End
)

// Event is a command that begins: who runs it and what it sees.
type Event struct {
	// Cluster, Node, Instance, Role and SID are the node's own, by its rendered metadata.
	Cluster  string `json:"cluster"`
	Node     string `json:"node"`
	Instance string `json:"instance"`
	Role     string `json:"role"`
	SID      string `json:"sid"`
	// Command is what the package wrote behind the program's name; Args what was appended to it.
	Command string   `json:"command"`
	Args    []string `json:"args"`
	Image   string   `json:"image"`
	Dir     string   `json:"dir"`
	Path    string   `json:"path"` // $PATH
	UID     int      `json:"uid"`
	// Seen are the keys of the file the agent rendered; Live those its metadata HTTP answers now.
	Seen      map[string]string `json:"seen"`
	Live      map[string]string `json:"live"`
	LiveError string            `json:"live_error,omitempty"`
	// Volume and Root are the commands that ran before on this volume and on this root disk.
	Volume []string `json:"volume"`
	Root   []string `json:"root"`
}

// Answer is how a command is to end.
type Answer struct {
	ID     int    `json:"id"`
	Exit   int    `json:"exit"`
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
}

// End is a command that ends.
type End struct {
	ID int `json:"id"`
}
