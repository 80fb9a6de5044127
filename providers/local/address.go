package local

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"

	"drover/durable"
	"drover/fault"
)

// An address is taken by a link <state>/addresses/<ip> -> <instance>: making a link either succeeds or finds the other
// owner, without any lock.

// takeAddress gives the lowest free address of the range to the instance, or the one it has.
func (p *Provider) takeAddress(id string) (string, error) {
	taken, err := p.takenAddresses()
	if err != nil {
		return "", err
	}
	for ip, owner := range taken {
		if owner == id {
			return ip, nil
		}
	}
	for a := p.addresses.Addr().Next(); p.addresses.Contains(a); a = a.Next() {
		last := a.As4()[3]
		if last == 0 || last == 255 || taken[a.String()] != "" || p.foreign(a) {
			continue
		}
		err := os.Symlink(id, p.path("addresses", a.String()))
		if err == nil {
			return a.String(), ioFault(durable.Dir(p.path("addresses")), "take address")
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", ioFault(err, "take address")
		}
	}
	return "", fault.New(fault.NoCapacity, "provider local: all addresses of %s are taken", p.addresses).
		WithHint("delete clusters, or configure a wider range")
}

func (p *Provider) takenAddresses() (map[string]string, error) {
	entries, err := os.ReadDir(p.path("addresses"))
	if err != nil {
		return nil, ioFault(err, "list addresses")
	}
	taken := make(map[string]string, len(entries))
	for _, e := range entries {
		owner, err := os.Readlink(p.path("addresses", e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // released meanwhile
		}
		if err != nil {
			return nil, ioFault(err, "read address")
		}
		taken[e.Name()] = owner
	}
	return taken, nil
}

// foreign says whether something that is not of this state folder answers SSH on the address already.
func (p *Provider) foreign(a netip.Addr) bool {
	l, err := net.Listen("tcp", net.JoinHostPort(a.String(), p.sshPort))
	if err != nil {
		return true
	}
	l.Close()
	return false
}

// passAddress gives an address to another instance.
func (p *Provider) passAddress(ip, id string) error {
	temp := p.path("addresses", ".pass-"+id)
	_ = os.Remove(temp)
	if err := os.Symlink(id, temp); err != nil {
		return ioFault(err, "pass address")
	}
	if err := os.Rename(temp, p.path("addresses", ip)); err != nil {
		return ioFault(err, "pass address")
	}
	return ioFault(durable.Dir(p.path("addresses")), "pass address")
}

// releaseAddress frees it if it still is the instance's.
func (p *Provider) releaseAddress(ip, id string) error {
	if ip == "" {
		// Died between taking an address and noting it.
		taken, err := p.takenAddresses()
		if err != nil {
			return err
		}
		for a, owner := range taken {
			if owner == id {
				ip = a
			}
		}
	}
	name := p.path("addresses", ip)
	if owner, err := os.Readlink(name); ip == "" || err != nil || owner != id {
		return nil
	}
	return ioFault(os.Remove(name), "release address")
}

// mac is a locally administered one that follows from the address: loopback has none, packages print it.
func mac(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	b := a.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}
