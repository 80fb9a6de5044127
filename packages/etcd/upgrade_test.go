package etcd

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
)

// replace gives nodes the image of a version (UP2, UP6): node id, address and volume stay, everything else is new.
func (l *lab) replace(version string, ids ...string) {
	l.t.Helper()
	l.each(ids, func(n *lifecycle.Node) error {
		old := n.InstanceID
		// i-99999998 becomes i-a9999998, and so on.
		n.InstanceID = fmt.Sprintf("i-%c%s", next(old[2]), old[3:])
		if err := l.provider.StopInstance(l.t.Context(), old); err != nil {
			return err
		}
		i, err := l.provider.ReplaceImage(l.t.Context(), old, l.spec(n, version))
		l.met(n, i)
		return err
	})
}

func next(c byte) byte {
	if c < 'a' {
		return 'a'
	}
	return c + 1
}

// use is the specification the operation works with.
func (l *lab) use(version string) {
	l.rec.VersionID, l.rec.Spec = version, newRecord(l.t, version, nil).Spec
}

// upgrade does UP1 to UP4 for nodes, one after the other.
func (l *lab) upgrade(ids ...string) {
	l.t.Helper()
	for _, id := range ids {
		l.use("3.5")
		l.run("stop", id)
		l.use("3.6")
		l.rec.UpgradeFrom = "3.5"
		l.replace("3.6", id)
		l.publish(l.ids()...)
		l.run("start", id)
		l.run("upgrade", id)
	}
}

// downgrade does UP5 to UP8 on all nodes, whatever their version.
func (l *lab) downgrade() {
	l.t.Helper()
	ids := l.ids()
	l.run("stop", ids...)
	l.use("3.5")
	l.replace("3.5", ids...)
	l.publish(ids...)
	l.run("start", ids...)
	l.rec.UpgradeFrom = ""
	l.publish(ids...)
	l.runs("3.5")
}

// runs checks that every node runs a version, is a member and has the data.
func (l *lab) runs(version string) {
	l.t.Helper()
	for _, id := range l.ids() {
		require.Contains(l.t, l.etcdctl(id, "endpoint status -w fields"), `"Version" : "`+version+".")
		require.Equal(l.t, "v", l.etcdctl(id, "get k --print-value-only"))
	}
	require.Equal(l.t, l.ids(), l.members(l.ids()[0]))
}

func TestUpgradeAndBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, "3.5")
	ids := l.create(3)
	l.etcdctl(ids[0], "put k v")

	// An upgrade that fails half-way: the cluster still is one of 3.5.
	l.upgrade(ids[0])
	l.rec.UpgradeFrom = "3.5"
	l.downgrade()

	// One that fails after the last member was replaced: the cluster's version was raised.
	l.upgrade(ids...)
	l.runs("3.6")
	require.True(t, l.stored("3.6"), "the data was never raised, so the way back is not tested")
	l.downgrade()

	// One that succeeds, and a later change of mind, which needs to be announced.
	l.upgrade(ids...)
	l.rec.UpgradeFrom = ""
	l.publish(ids...)
	l.runs("3.6")
	require.True(t, l.stored("3.6"))
	l.run("allow_downgrade", ids[1])
	l.run("allow_downgrade", ids[2])
	l.downgrade()
}

// Going back without preparation is refused by etcd; the exit code says what to do, and nothing is lost.
func TestUnpreparedDowngrade(t *testing.T) {
	t.Parallel()
	l := newLab(t, "3.6")
	ids := l.create(1)
	l.etcdctl(ids[0], "put k v")
	l.run("stop", ids...)
	l.use("3.5")
	l.replace("3.5", ids...)
	l.publish(ids...)
	l.refused(51, "allow_downgrade", "start", ids...)
	l.use("3.6")
	l.replace("3.6", ids...)
	l.publish(ids...)
	l.run("start", ids...)
	l.runs("3.6")
}

// stored waits until all nodes store their data in the format of a version.
func (l *lab) stored(version string) bool {
	l.t.Helper()
	for _, id := range l.ids() {
		got := l.on(id, fmt.Sprintf(`for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			v=$(/opt/app/bin/etcdctl --endpoints=http://%s:2379 endpoint status -w fields | sed -n 's/^"StorageVersion" : //p')
			case $v in '"%s.'*) break ;; esac; sleep 1; done; echo "$v"`, l.node(id).IP, version))
		if !strings.HasPrefix(got, `"`+version+".") {
			return false
		}
	}
	return true
}
