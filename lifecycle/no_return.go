package lifecycle

// Point is a step of an operation from which on something holds to the operation's end.
type Point struct {
	// Steps are ids: the first of them that the operation comes to is the point. None: there is no such point.
	Steps []string
	Why   string // one sentence
}

// NoReturn declares an operation's point of no return: from that step on it goes to its end, and a cancel comes too late.
func NoReturn(operation string) Point { return noReturn[operation] }

// Stays declares from which step on what an operation did stays done: a cancel still ends it there, and is no undo.
func Stays(operation string) Point { return stays[operation] }

var noReturn = map[string]Point{
	OpDeleteCluster:  {[]string{"DC8"}, "resources are being released, and a cluster that lost some of them cannot come back"},
	OpDeleteNodes:    {[]string{"DN10"}, "resources of the leaving nodes are being released, and they cannot come back"},
	OpScaleVertical:  {[]string{"SV6"}, "the nodes have their new size and run; it only remains to tell them"},
	OpUpgradeCluster: {[]string{"UP5"}, "every node runs the new version, and the way back is given up"},
}

var stays = map[string]Point{
	OpAddNodes:         {[]string{"AN6", "AN7"}, "the new nodes may hold data and stay; a cancel ends the operation without taking them back"},
	OpDowngradeCluster: {[]string{"UP5"}, "a cancel stops the downgrade where it is; run it again to go on"},
	OpStartCluster:     {[]string{"ST2"}, "the machines run and stay on; a cancel leaves the cluster stopped, and starting it again goes on"},
	OpStopCluster:      {[]string{"SP1", "SP2"}, "what was stopped stays so; a cancel leaves the cluster stopped"},
	OpRestartCluster:   {[]string{"RS1", "RS2", "RS3"}, "a cancel starts nothing again; it leaves the cluster stopped, and starting it makes sure of everything"},
	OpRunService:       {[]string{"RV1"}, "what the command did stays done; a cancel only ends it"},
	OpRepairCluster:    {[]string{"RP1", "RP3"}, "what is repaired stays so; a cancel leaves the rest, and repairing again goes on"},
	OpUpdateEnv:        {[]string{"UE2"}, "the values are visible and stay; a cancel only ends the wait for the nodes"},
}
