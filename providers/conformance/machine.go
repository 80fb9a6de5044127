package conformance

import (
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"drover/agent/api"
	"drover/providers"
)

func hostName(w *world) {
	i := w.create(w.spec())
	require.Equal(w.t, "0", w.run(i, "id -u"))
	if w.Fixed {
		return // a machine that was given keeps its name
	}
	require.Equal(w.t, i.ID, w.run(i, "hostname"))
	require.Equal(w.t, i.IP, strings.Fields(w.run(i, "getent hosts "+i.ID))[0], "a node resolves its own name to its own address")
}

func dataSurvives(w *world) {
	ctx := w.t.Context()
	a, b := w.volume(), w.volume()
	s := w.spec(a.ID, b.ID)
	i := w.create(s)
	w.run(i, "echo one > /data/file; echo two > /data1/file; sync")
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	i, err := w.p.StartInstance(ctx, i.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, "one\ntwo", w.run(i, "cat /data/file /data1/file"))
	i, err = w.p.ReplaceImage(ctx, i.ID, w.replacement(s))
	require.NoError(w.t, err)
	require.Equal(w.t, "one\ntwo", w.run(i, "cat /data/file /data1/file"))
	require.NoError(w.t, w.p.DeleteInstance(ctx, i.ID))
	if w.Fixed {
		return // a volume is a folder of the machine
	}
	// A volume is its own: it moves to another instance, at another place.
	i = w.create(w.spec(b.ID))
	require.Equal(w.t, "two", w.run(i, "cat /data/file"))
}

func rootDisk(w *world) {
	if w.Fixed {
		w.t.Skip("this provider's machines keep their root disks")
	}
	ctx := w.t.Context()
	s := w.spec()
	i := w.create(s)
	other := w.create(w.spec())
	w.run(i, "echo mine > /opt/mark; echo mine > /etc/mark; mkdir /srv/deep && chmod 0 /srv/deep")
	w.run(other, "test ! -e /opt/mark && test ! -e /etc/mark")
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	i, err := w.p.StartInstance(ctx, i.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, "mine\nmine", w.run(i, "cat /opt/mark /etc/mark"))
	i, err = w.p.ReplaceImage(ctx, i.ID, w.replacement(s))
	require.NoError(w.t, err)
	w.run(i, "test ! -e /opt/mark && test ! -e /etc/mark")
}

func stopEndsProcesses(w *world) {
	if w.Fixed {
		w.t.Skip("this provider's machines stay on, with what others run there")
	}
	ctx := w.t.Context()
	i := w.create(w.spec(w.volume().ID))
	w.run(i, "setsid sh -c 'while :; do date +%s%N > /data/tick; sleep 0.01; done' >/dev/null 2>&1 </dev/null & "+
		"until [ -s /data/tick ]; do sleep 0.01; done")
	require.NoError(w.t, w.p.StopInstance(ctx, i.ID))
	_, err := w.login(i, w.signer)
	require.Error(w.t, err, "an instance that is off answers")
	i, err = w.p.StartInstance(ctx, i.ID)
	require.NoError(w.t, err)
	require.Equal(w.t, "same", w.run(i, "a=$(cat /data/tick); sleep 0.2; [ \"$a\" = \"$(cat /data/tick)\" ] && echo same"))
}

func agentPreinstalled(w *world) {
	i := w.create(w.spec())
	have := w.run(i, "test -x "+api.Binary+" && echo yes || echo no") == "yes"
	require.Equal(w.t, w.p.Capabilities().AgentPreinstalled, have)
}

func memoryLimit(w *world) {
	if !w.p.Capabilities().EnforcesMemory {
		w.t.Skip("this provider enforces no memory limits here")
	}
	// tail keeps a line without end in memory.
	const hog = "head -c 300m /dev/zero | tail -n 1 | wc -c"
	s := w.spec()
	s.Size.Memory = 1024
	i := w.create(s)
	require.Equal(w.t, strconv.Itoa(300<<20), w.run(i, hog))
	require.NoError(w.t, w.p.StopInstance(w.t.Context(), i.ID))
	require.NoError(w.t, w.p.ResizeInstance(w.t.Context(), i.ID, providers.Size{CPU: 1, Memory: 128}))
	i, err := w.p.StartInstance(w.t.Context(), i.ID)
	require.NoError(w.t, err)
	require.NotEqual(w.t, strconv.Itoa(300<<20), w.run(i, hog), "300 MiB fit into 128")
	require.Equal(w.t, i.ID, w.run(i, "hostname"), "the node itself survives")
}

// cpuLimit measures cpu time against elapsed time: a busy machine gives less, never more.
func cpuLimit(w *world) {
	if !w.p.Capabilities().EnforcesCPU {
		w.t.Skip("this provider enforces no cpu limits here")
	}
	s := w.spec()
	s.Size.CPU = 1
	i := w.create(s)
	const burn = `up() { awk '{print int($1*100)}' /proc/uptime; }
a=$(up); for n in 1 2 3 4; do timeout 1 sh -c 'while :; do :; done' & done; wait; b=$(up)
times > /tmp/times; echo $((b-a)) $(tail -n 1 /tmp/times)`
	out := strings.Fields(w.run(i, burn))
	require.Len(w.t, out, 3)
	elapsed, err := strconv.Atoi(out[0])
	require.NoError(w.t, err)
	minutes, seconds, ok := strings.Cut(strings.TrimSuffix(out[1], "s"), "m")
	require.True(w.t, ok, out[1])
	m, err := strconv.ParseFloat(minutes, 64)
	require.NoError(w.t, err)
	used, err := strconv.ParseFloat(seconds, 64)
	require.NoError(w.t, err)
	require.LessOrEqual(w.t, 60*m+used, 1.3*float64(elapsed)/100+0.1, "four busy loops used more than one cpu")
}

func capabilityNotes(w *world) {
	c := w.p.Capabilities()
	if !c.EnforcesCPU || !c.EnforcesMemory || !c.EnforcesVolume {
		require.NotEmpty(w.t, c.Notes, "what is not enforced must be said")
	}
	require.NotEmpty(w.t, w.p.Name())
}
