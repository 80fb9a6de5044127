package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Run tests one provider.
func Run(t *testing.T, h Harness) {
	if h.Many == 0 {
		h.Many = 6
	}
	s := &suite{Harness: h}
	s.signer, s.key = newKey(t)
	// One group, so that what the provider leaves behind is looked for after all of them.
	t.Run("contract", func(t *testing.T) {
		for _, c := range []struct {
			name string
			test func(*world)
		}{
			{"create is idempotent under the id", createTwice},
			{"create runs concurrently", createMany},
			{"one id created at the same time is one instance", createSameAtOnce},
			{"an id of another cluster is not handed out", createForeign},
			{"another worker sees the same", otherWorker},
			{"list is by cluster", listByCluster},
			{"deleting what is not there succeeds", deleteNothing},
			{"calls for what is not there say so", missingThings},
			{"refused instances leave nothing", refused},
			{"networks", networks},
			{"volumes are idempotent under the id", volumeTwice},
			{"volumes grow and never shrink", volumeGrow},
			{"a volume is attached to one instance", volumeInUse},
			{"stop and start keep address, host key and volumes", stopStart},
			{"resize", resize},
			{"replacing the image keeps address, volumes and tags", replaceImage},
			{"replacing is idempotent under the new id", replaceTwice},
			{"a refused replacement leaves the old instance alone", replaceRefused},
			{"a cut creation is adopted by a retry", cutThenRetry},
			{"a cut creation can be deleted", cutThenDelete},
			{"a cut replacement is finished by a retry", cutReplacement},
			{"a cut deletion is finished by a retry", cutDeletion},
			{"capabilities say what is not enforced", capabilityNotes},
			{"a shortage is known before anything is made", shortage},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.test(s.world(t))
			})
		}
		if s.NoSSH {
			return
		}
		for _, c := range []struct {
			name string
			test func(*world)
		}{
			{"only the authorized key opens", onlyAuthorizedKey},
			{"the host key is the reported one", hostKeyReported},
			{"exit codes and output arrive", commandResults},
			{"files travel over sftp", sftpFiles},
			{"unix sockets are reached through ssh", unixSockets},
			{"the host name is the instance id", hostName},
			{"data on volumes survives stop, start and replacement", dataSurvives},
			{"the root disk survives stop and start, not replacement", rootDisk},
			{"stopping ends every process", stopEndsProcesses},
			{"the agent is there if promised", agentPreinstalled},
			{"memory is limited if promised", memoryLimit},
			{"cpu is limited if promised", cpuLimit},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				c.test(s.world(t))
			})
		}
	})
	if s.Leftovers != nil {
		left, err := s.Leftovers(t.Context())
		require.NoError(t, err)
		require.Empty(t, left, "all clusters are deleted")
	}
}
