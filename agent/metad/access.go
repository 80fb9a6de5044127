package metad

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// access is how much of the metadata a connection may read.
type access int

const (
	nothing    access = iota // not a process of this node, or not known to be one
	public                   // a user of this node: everything but secrets
	everything               // root of this node
)

// accessOf asks the kernel whose connection a request came by. The user alone is not enough: on a shared loopback, root of
// another node, or of the machine, is user 0 too. It is a process of this node if it shows in this node's /proc.
func accessOf(r *http.Request) access {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if err != nil || !ok || !ownName(r.Host) {
		return nothing
	}
	uid, inode, ok := ownerOf(client, local.AddrPort())
	switch {
	case !ok:
		return nothing
	case uid == 0 || uid == os.Geteuid():
		if holds(uid, inode) {
			return everything
		}
	case lives(uid):
		return public
	}
	return nothing
}

// ownName refuses names of others: a web page must not reach the node's metadata through a name that leads to loopback.
func ownName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	name, _ := os.Hostname()
	return slices.Contains([]string{"", "metadata", "localhost", strings.ToLower(name)}, host)
}

// ownerOf finds the client's end of a connection: its user and its inode.
func ownerOf(client, server netip.AddrPort) (uid int, inode string, ok bool) {
	client, server = unmap(client), unmap(server)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(table)
		if err != nil {
			continue
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode ...
			f := strings.Fields(lines.Text())
			if len(f) < 10 || !isAddr(f[1], client) || !isAddr(f[2], server) {
				continue
			}
			// An end that was closed has no inode, and its user is shown as 0.
			if uid, err = strconv.Atoi(f[7]); err == nil && f[9] != "0" {
				return uid, f[9], true
			}
		}
	}
	return 0, "", false
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// isAddr compares with the kernel's form: 32-bit words in the machine's byte order, a colon and the port, in hexadecimal.
func isAddr(text string, want netip.AddrPort) bool {
	addr, port, _ := strings.Cut(text, ":")
	if n, err := strconv.ParseUint(port, 16, 16); err != nil || uint16(n) != want.Port() {
		return false
	}
	return addr == kernelAddr(want.Addr()) || want.Addr().Is4() && addr == kernelAddr(netip.AddrFrom16(want.Addr().As16()))
}

func kernelAddr(a netip.Addr) string {
	var out strings.Builder
	for b := a.AsSlice(); len(b) > 0; b = b[4:] {
		fmt.Fprintf(&out, "%08X", binary.NativeEndian.Uint32(b))
	}
	return out.String()
}

// holds says whether a process of the user, in this node, has the socket.
func holds(uid int, inode string) bool {
	link := "socket:[" + inode + "]"
	return anyProcess(uid, func(dir string) bool {
		folder, err := os.Open(dir + "/fd")
		if err != nil {
			return false
		}
		defer folder.Close()
		names, _ := folder.Readdirnames(-1)
		return slices.ContainsFunc(names, func(name string) bool {
			target, err := os.Readlink(dir + "/fd/" + name)
			return err == nil && target == link
		})
	})
}

// lives says whether the user has a process in this node. Which one has the socket cannot be read of other users where
// root may not trace processes.
func lives(uid int) bool { return anyProcess(uid, func(string) bool { return true }) }

func anyProcess(uid int, found func(dir string) bool) bool {
	proc, err := os.Open("/proc")
	if err != nil {
		return false
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	return slices.ContainsFunc(names, func(name string) bool {
		if name[0] < '0' || name[0] > '9' {
			return false
		}
		info, err := os.Stat("/proc/" + name)
		if err != nil {
			return false
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		return ok && int(st.Uid) == uid && found("/proc/"+name)
	})
}
