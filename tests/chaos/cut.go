package chaos

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// A cut drops every packet to and from one address and port, silently and in both directions, like a broken network: both
// sides notice it only by their own timeouts. It is a table of the kernel's packet filter, in the network namespace of the
// harness.

// cut makes the cut, and returns the function that ends it.
func cut(to netip.AddrPort) (mend func() error, err error) {
	conn, err := nftables.New()
	if err != nil {
		return nil, err
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: fmt.Sprintf("cut-%s-%d", to.Addr(), to.Port())})
	chain := conn.AddChain(&nftables.Chain{
		Name: "arriving", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookInput, Priority: nftables.ChainPriorityFilter,
	})
	for _, way := range []struct{ address, port uint32 }{{sourceAddress, sourcePort}, {destinationAddress, destinationPort}} {
		conn.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
			&expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{unix.IPPROTO_TCP}},
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: way.address, Len: 4},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: to.Addr().AsSlice()},
			&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Offset: way.port, Len: 2},
			&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: binary.BigEndian.AppendUint16(nil, to.Port())},
			&expr.Verdict{Kind: expr.VerdictDrop},
		}})
	}
	if err := conn.Flush(); err != nil {
		return nil, fmt.Errorf("cut connections to %s: %w", to, err)
	}
	return func() error {
		conn.DelTable(table)
		return conn.Flush()
	}, nil
}

// Offsets of the compared fields in the headers of IPv4 and TCP.
const (
	sourceAddress, destinationAddress = 12, 16
	sourcePort, destinationPort       = 0, 2
)

// canCut returns the reason why connections cannot be cut here; nil when they can.
func canCut() error {
	mend, err := cut(netip.MustParseAddrPort("127.255.255.253:9"))
	if err != nil {
		return errors.Join(errors.New("the kernel's packet filter cannot be used"), err)
	}
	return mend()
}
