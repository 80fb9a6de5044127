package lifecycle_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"drover/lifecycle"
)

func TestMaySkip(t *testing.T) {
	t.Parallel()
	const may = ""
	pre := lifecycle.PreCheck
	for _, c := range []struct {
		step lifecycle.Step
		why  string // part of the refusal; may: it may be skipped
	}{
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC1"}, "no cluster without machines"},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC2"}, "from metadata alone"},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC3"}, "through the agents"},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC4", Service: "init"}, may},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC4", Service: "init", Kind: pre}, may},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC4", Service: "custom_metadata"}, "registered in metadata"},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC4"}, "from metadata alone"},
		{lifecycle.Step{Operation: "CreateCluster", ID: "CC4", Service: "start"}, may},
		{lifecycle.Step{Operation: "DeleteCluster", ID: "DC1"}, "need nodes that run"},
		{lifecycle.Step{Operation: "DeleteCluster", ID: "DC5", Service: "destroy"}, "guard of the package's data"},
		{lifecycle.Step{Operation: "DeleteCluster", ID: "DC5", Service: "destroy", Kind: pre}, "guard of the package's data"},
		{lifecycle.Step{Operation: "DeleteCluster", ID: "DC7", Service: "stop"}, may},
		{lifecycle.Step{Operation: "DeleteCluster", ID: "DC8"}, "not released still exists"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN0", Service: "scale_out", Kind: pre}, "cannot grow now"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN1"}, "without machines"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN2"}, "from metadata alone"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN3"}, "before commands run"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN4"}, "through the agents"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN5", Service: "start"}, may},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN5"}, "from metadata alone"},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN6", Service: "scale_out"}, may},
		{lifecycle.Step{Operation: "AddNodes", ID: "AN7"}, "/adding-hosts"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN1"}, "who leaves"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN2"}, "who leaves"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN2b", Service: "scale_in", Kind: pre}, "always prevents the release"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN7", Service: "destroy"}, "guard of the package's data"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN9", Service: "scale_in"}, "always prevents the release"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN9", Service: "stop"}, may},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN10"}, "not released still exists"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN11"}, "who left"},
		{lifecycle.Step{Operation: "DeleteNodes", ID: "DN12"}, may},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV1"}, "what is scaled"},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV2"}, "sizes must be the real ones"},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV4", Service: "get_nodes_order"}, may},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV4", Service: "stop"}, may},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV4"}, "may be off"},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV5"}, "may be off"},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV6"}, "from metadata alone"},
		{lifecycle.Step{Operation: "ScaleVertical", ID: "SV7"}, may},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP1", Service: "stop"}, may},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP1"}, "image"},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP2"}, "image"},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP3"}, "through the agents"},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP4", Service: "upgrade"}, may},
		{lifecycle.Step{Operation: "UpgradeCluster", ID: "UP5"}, "ends with it"},
		{lifecycle.Step{Operation: "DowngradeCluster", ID: "UP5b"}, "image of a running machine"},
		{lifecycle.Step{Operation: "DowngradeCluster", ID: "UP6"}, "image"},
		{lifecycle.Step{Operation: "DowngradeCluster", ID: "UP7"}, "through the agents"},
		{lifecycle.Step{Operation: "DowngradeCluster", ID: "UP8", Service: "start"}, may},
		{lifecycle.Step{Operation: "StartCluster", ID: "ST1"}, "machines that run"},
		{lifecycle.Step{Operation: "StartCluster", ID: "ST2"}, "through the agents"},
		{lifecycle.Step{Operation: "StartCluster", ID: "ST3", Service: "start"}, may},
		{lifecycle.Step{Operation: "StopCluster", ID: "SP1", Service: "stop"}, may},
		{lifecycle.Step{Operation: "StopCluster", ID: "SP2"}, "recorded as off"},
		{lifecycle.Step{Operation: "RestartCluster", ID: "RS1", Service: "restart"}, may},
		{lifecycle.Step{Operation: "RunService", ID: "RV1", Service: "snapshot"}, "the whole operation"},
		{lifecycle.Step{Operation: "BackupCluster", ID: "BK1", Service: "backup"}, "count as backed up"},
		{lifecycle.Step{Operation: "RepairCluster", ID: "RP1"}, "what was asked for"},
		{lifecycle.Step{Operation: "RepairCluster", ID: "RP2"}, "machines that are on"},
		{lifecycle.Step{Operation: "RepairCluster", ID: "RP3"}, "from metadata alone"},
		{lifecycle.Step{Operation: "RepairCluster", ID: "RP4"}, "through the agents"},
		{lifecycle.Step{Operation: "RepairCluster", ID: "RP5", Service: "start"}, may},
		{lifecycle.Step{Operation: "UpdateEnv", ID: "UE1"}, "is the change"},
		{lifecycle.Step{Operation: "UpdateEnv", ID: "UE2"}, may},
		{lifecycle.Step{Operation: "AnotherOne", ID: "XX1"}, "steps that come next"},
	} {
		t.Run(c.step.Operation+" "+string(c.step.ID)+" "+c.step.Service+" "+string(c.step.Kind), func(t *testing.T) {
			t.Parallel()
			refusal := lifecycle.MaySkip(c.step)
			if c.why == may {
				require.Nil(t, refusal)
				return
			}
			require.NotNil(t, refusal)
			require.ErrorContains(t, refusal, c.why)
			require.NotEmpty(t, refusal.Hint)
		})
	}
}
