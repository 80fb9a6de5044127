package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"drover/durable"
)

// Process identifies process 1 of a node among the host's processes, also after pids were reused or the host rebooted.
type Process struct {
	Pid   int    `json:"pid"`
	Start string `json:"start"` // clock ticks since boot, from /proc/<pid>/stat
	Boot  string `json:"boot"`  // the kernel's boot id
}

// Describe reads who pid is now. State is the letter of /proc/<pid>/stat.
func Describe(pid string) (p Process, state string, err error) {
	raw, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return p, "", err
	}
	// pid (comm) state ppid ... starttime is field 22; comm may contain anything.
	end := strings.LastIndexByte(string(raw), ')')
	fields := strings.Fields(string(raw[end+1:]))
	if end < 0 || len(fields) < 20 {
		return p, "", fmt.Errorf("/proc/%s/stat has an unknown form", pid)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(raw[:strings.IndexByte(string(raw), '(')])))
	if err != nil {
		return p, "", fmt.Errorf("/proc/%s/stat: %w", pid, err)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return p, "", err
	}
	return Process{Pid: number, Start: fields[19], Boot: strings.TrimSpace(string(boot))}, fields[0], nil
}

// recordSelf writes the own process, as the host's /proc shows it, to file.
func recordSelf(file string) error {
	p, _, err := Describe("self")
	if err != nil {
		return fmt.Errorf("own process: %w", err)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := durable.Replace(file, raw, 0o600); err != nil {
		return fmt.Errorf("record pid: %w", err)
	}
	return nil
}
