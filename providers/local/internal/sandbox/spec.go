package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
)

// File descriptors that a booting node inherits.
const (
	// StatusFD is a pipe on which the node says Ready, or why it could not boot.
	StatusFD = 3
	// LockFD keeps the instance locked until the node's pid is on disk.
	LockFD = 4
)

// Ready is what a node writes to the status pipe when its SSH server accepts connections; anything else is an error.
const Ready = "ready"

// Spec is all that a node needs to boot. Paths on the left of an arrow are the host's, on the right the node's.
type Spec struct {
	Instance string `json:"instance"`
	// Mark names the node in its mount table, for a program that looks for leftovers.
	Mark string `json:"mark"`
	// PidFile is where the node records its process as the host sees it.
	PidFile string `json:"pid_file"`
	// Cgroups are the cgroup.procs files to join.
	Cgroups []string `json:"cgroups,omitempty"`
	Root    Root     `json:"root"`
	Binds   []Bind   `json:"binds,omitempty"`

	IP            string `json:"ip"`
	HostKeyFile   string `json:"host_key_file"`
	AuthorizedKey string `json:"authorized_key"`
	// Init is the command line of process 1, a path inside the node.
	Init []string `json:"init"`
}

// Root says what the node's / is made of.
type Root struct {
	// Dir is the node's own writable folder: the root itself, or the upper layer when Layered.
	Dir string `json:"dir"`
	// Layered mounts Image below Dir with overlayfs; otherwise Dir already holds a copy of the image.
	Layered bool   `json:"layered"`
	Image   string `json:"image,omitempty"`
	Work    string `json:"work"`  // overlayfs' work folder
	Mount   string `json:"mount"` // an empty folder to mount on
	// Usr is an image's usr folder to lay (read-only) over the host's; empty for none.
	Usr string `json:"usr,omitempty"`
}

// Bind makes Source -> Target.
type Bind struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
	NoExec   bool   `json:"no_exec,omitempty"`
	NoSuid   bool   `json:"no_suid,omitempty"`
	// Optional sources may be missing.
	Optional bool `json:"optional,omitempty"`
}

// Read loads a Spec from a file.
func Read(file string) (Spec, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Spec{}, fmt.Errorf("read boot spec: %w", err)
	}
	var s Spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return Spec{}, fmt.Errorf("boot spec %s: %w", file, err)
	}
	return s, nil
}
