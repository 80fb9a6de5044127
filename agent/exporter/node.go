package exporter

import (
	"os"
	"slices"
	"strings"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
	"golang.org/x/sys/unix"
)

// node reads the machine. What a kernel or a sandbox does not show is left out.
type node struct {
	proc  procfs.FS
	disks blockdevice.FS
}

func newNode(proc, sys string) (node, error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return node{}, err
	}
	disks, err := blockdevice.NewFS(proc, sys)
	if err != nil {
		disks, err = blockdevice.NewFS(proc, proc) // a sandbox without /sys: /proc/diskstats is enough
	}
	return node{fs, disks}, err
}

func (n node) collect(s exposition) {
	n.machine(s)
	n.storage(s)
	n.network(s)
	n.processes(s)
}

func (n node) machine(s exposition) {
	if stat, err := n.proc.Stat(); err == nil {
		const help = "Time of the machine's processors by mode"
		cpu := stat.CPUTotal
		for _, mode := range []struct {
			name string
			v    float64
		}{{"user", cpu.User + cpu.Nice}, {"system", cpu.System + cpu.IRQ + cpu.SoftIRQ}, {"iowait", cpu.Iowait}, {"steal", cpu.Steal}, {"idle", cpu.Idle}} {
			s.counter("drover_machine_cpu_seconds_total", help, mode.v, "mode", mode.name)
		}
		s.gauge("drover_machine_cpus", "Processors of the machine", float64(len(stat.CPU)))
	}
	if load, err := n.proc.LoadAvg(); err == nil {
		s.gauge("drover_machine_load1", "Average number of runnable processes over one minute", load.Load1)
	}
	if mem, err := n.proc.Meminfo(); err == nil {
		for name, v := range map[string]*uint64{"total": mem.MemTotalBytes, "available": mem.MemAvailableBytes, "swap_free": mem.SwapFreeBytes} {
			if v != nil {
				s.gauge("drover_machine_memory_bytes", "Memory of the machine: total, available without swapping, and free swap space", float64(*v), "state", name)
			}
		}
	}
}

// kept are the file systems with data; the others are the kernel's.
var kept = []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "overlay", "f2fs", "jfs", "reiserfs", "bcachefs", "nfs", "nfs4", "tmpfs"}

func (n node) storage(s exposition) {
	self, err := n.proc.Self()
	if err == nil {
		if mounts, err := self.MountInfo(); err == nil {
			n.mounts(s, mounts)
		}
	}
	if disks, err := n.disks.ProcDiskstats(); err == nil {
		for _, d := range disks {
			if strings.HasPrefix(d.DeviceName, "loop") || strings.HasPrefix(d.DeviceName, "ram") || d.ReadIOs+d.WriteIOs == 0 {
				continue
			}
			const sector = 512
			s.counter("drover_machine_disk_reads_total", "Reads of the device", float64(d.ReadIOs), "device", d.DeviceName)
			s.counter("drover_machine_disk_writes_total", "Writes of the device", float64(d.WriteIOs), "device", d.DeviceName)
			s.counter("drover_machine_disk_read_bytes_total", "Bytes read from the device", float64(d.ReadSectors*sector), "device", d.DeviceName)
			s.counter("drover_machine_disk_written_bytes_total", "Bytes written to the device", float64(d.WriteSectors*sector), "device", d.DeviceName)
			s.counter("drover_machine_disk_busy_seconds_total", "Time during which the device had work", float64(d.IOsTotalTicks)/1000, "device", d.DeviceName)
		}
	}
}

// mountsLimit bounds the series of a node.
const mountsLimit = 50

func (n node) mounts(s exposition, mounts []*procfs.MountInfo) {
	seen := []string{}
	for _, m := range mounts {
		inside := func(folder string) bool { return m.MountPoint == folder || strings.HasPrefix(m.MountPoint, folder+"/") }
		if !slices.Contains(kept, m.FSType) || inside("/proc") || inside("/sys") || inside("/dev") || inside("/run") ||
			slices.Contains(seen, m.MountPoint) || len(seen) == mountsLimit {
			continue
		}
		if info, err := os.Stat(m.MountPoint); err != nil || !info.IsDir() {
			continue // files that a sandbox mounts one by one
		}
		var st unix.Statfs_t
		if unix.Statfs(m.MountPoint, &st) != nil || st.Blocks == 0 {
			continue
		}
		seen = append(seen, m.MountPoint)
		size := float64(st.Bsize)
		s.gauge("drover_node_disk_size_bytes", "Size of the file system at the mount point", float64(st.Blocks)*size, "mount", m.MountPoint)
		s.gauge("drover_node_disk_used_bytes", "Used space of the file system at the mount point", float64(st.Blocks-st.Bfree)*size, "mount", m.MountPoint)
		s.gauge("drover_node_disk_available_bytes", "Space that users other than root can still use", float64(st.Bavail)*size, "mount", m.MountPoint)
	}
}

func (n node) network(s exposition) {
	devices, err := n.proc.NetDev()
	if err != nil {
		return
	}
	for _, d := range devices {
		s.counter("drover_machine_network_received_bytes_total", "Bytes received by the interface", float64(d.RxBytes), "interface", d.Name)
		s.counter("drover_machine_network_sent_bytes_total", "Bytes sent by the interface", float64(d.TxBytes), "interface", d.Name)
	}
}

// processes adds up what the node's own processes use: on a machine that several nodes share, the machine's figures are
// those of all. The time of a process that ended is in that of the process that waited for it.
func (n node) processes(s exposition) {
	all, err := n.proc.AllProcs()
	if err != nil {
		return
	}
	var cpu, memory, read, written float64
	count := 0
	for _, p := range all {
		stat, err := p.Stat()
		if err != nil {
			continue // it has ended
		}
		count++
		cpu += float64(stat.UTime+stat.STime) + float64(stat.CUTime+stat.CSTime)
		memory += float64(stat.ResidentMemory())
		if io, err := p.IO(); err == nil {
			read, written = read+float64(io.ReadBytes), written+float64(io.WriteBytes)
		}
	}
	const ticks = 100 // USER_HZ
	s.gauge("drover_node_processes", "Processes of the node", float64(count))
	s.counter("drover_node_cpu_seconds_total", "Processor time that the node's processes used", cpu/ticks)
	s.gauge("drover_node_memory_bytes", "Resident memory of the node's processes, shared pages counted once per process", memory)
	s.gauge("drover_node_processes_read_bytes", "Bytes that the node's present processes read from storage", read)
	s.gauge("drover_node_processes_written_bytes", "Bytes that the node's present processes wrote to storage", written)
}
