package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// quietLoad is the load average above which figures are worth little.
const quietLoad = 0.5

func printMachine(w io.Writer) {
	var kernel unix.Utsname
	_ = unix.Uname(&kernel)
	var memory unix.Sysinfo_t
	_ = unix.Sysinfo(&memory)
	fmt.Fprintf(w, "machine   %d cores (%s), %d MiB memory, %s %s, %s, %s\n", runtime.NumCPU(), cpuModel(),
		memory.Totalram*uint64(memory.Unit)>>20, unix.ByteSliceToString(kernel.Sysname[:]),
		unix.ByteSliceToString(kernel.Release[:]), runtime.Version(), time.Now().UTC().Format("2006-01-02 15:04 MST"))
	printLoad(w)
}

// printLoad warns when others use the machine too.
func printLoad(w io.Writer) {
	load := loadAverage()
	fmt.Fprintf(w, "load      %.2f over the last minute", load)
	if load > quietLoad {
		fmt.Fprintf(w, "   WARNING: the machine is not quiet, figures are worse than they should be")
	}
	fmt.Fprintln(w)
}

func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}

func cpuModel() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
