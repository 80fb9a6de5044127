package conformance

//go:generate go run ./table -write

// Procedure is one documented procedure.
type Procedure struct {
	Name  string
	Steps []Step
}

// Step is one step of a procedure, by the id that code, tests and progress output use.
type Step struct {
	ID    string
	Words string
}

// Procedures are all steps there are; every one needs a test (conformance/table).
var Procedures = []Procedure{
	{"Stages", []Step{
		{"S1", "order groups of a stage run one after the other, the lowest order first"},
		{"S2", "all nodes of a group run at the same time"},
		{"S3", "roles without the service are left out; an empty command is a success"},
		{"S4", "nodes_to_execute_on takes the first nodes by sid, replicas counted with their masters"},
		{"S5", "a command that exceeds its timeout is ended and has failed"},
		{"S6", "a failure lets its group run to the end, starts no further group, and is told in full"},
		{"S7", "commands run as written, as root in /, and end with their shell; parameters are one argument"},
		{"S8", "pre_check is a stage of its own, before the service"},
		{"S9", "roles that differ in post_start_service or post_stop_service go through phases together"},
	}},
	{"Barriers", []Step{
		{"B1", "a change is seen whole or not at all"},
		{"B2", "waiting ends when every file is rendered and every reload command has ended"},
		{"B3", "a failing template or reload is a warning, with strict_config a failure"},
		{"B4", "a node that does not answer in time fails the operation by name"},
	}},
	{"CreateCluster", []Step{
		{"CC1", "make machines, volumes and network"},
		{"CC2", "register the whole cluster in one revision"},
		{"CC3", "start agents, wait for all"},
		{"CC4", "init, custom_metadata, start, init of the roles that want it last"},
	}},
	{"DeleteCluster", []Step{
		{"DC0", "permission: nobody links to it, unless forced; force is allowed"},
		{"DC1", "does anything define destroy?"},
		{"DC2", "without destroy: stop"},
		{"DC3", "destroy before or after stop?"},
		{"DC4", "where destroy comes after it: stop, then destroy"},
		{"DC5", "where destroy comes first: destroy"},
		{"DC6", "a refusing destroy ends it there, unless forced"},
		{"DC7", "stop after destroy agreed"},
		{"DC8", "release everything, then deregister, from every state"},
	}},
	{"AddNodes", []Step{
		{"AN0", "permission, and scale_out's pre_check on existing nodes"},
		{"AN1", "make machines and volumes of the new nodes"},
		{"AN2", "register them in /hosts and /adding-hosts at once"},
		{"AN3", "wait for the existing nodes"},
		{"AN4", "start agents of the new nodes, wait for them"},
		{"AN5", "init, custom_metadata, start on new nodes alone; a failure is taken back"},
		{"AN6", "scale_out on existing nodes alone; a failure keeps the new ones"},
		{"AN7", "empty /adding-hosts, wait for all"},
	}},
	{"DeleteNodes", []Step{
		{"DN0", "permission, known targets, least counts"},
		{"DN1", "register the leaving nodes in /deleting-hosts; it is empty again however it ends"},
		{"DN2", "wait for all nodes, leaving ones too"},
		{"DN2b", "scale_in's pre_check on remaining nodes"},
		{"DN3", "do the leaving nodes define destroy?"},
		{"DN4", "without destroy: scale_in on remaining, stop on leaving nodes"},
		{"DN5", "destroy before or after stop?"},
		{"DN6", "where destroy comes last: scale_in, stop, destroy"},
		{"DN7", "where destroy comes first: destroy on leaving nodes"},
		{"DN8", "a refusing destroy ends it with nothing stopped, unless forced"},
		{"DN9", "then scale_in on remaining, stop on leaving nodes; a failing scale_in always blocks"},
		{"DN10", "release machines and volumes of the leaving nodes"},
		{"DN11", "drop them from /hosts and /deleting-hosts at once"},
		{"DN12", "wait for the remaining nodes"},
	}},
	{"ScaleVertical", []Step{
		{"SV1", "register in /vertical-scaling-roles until after the last start; it goes however it ends"},
		{"SV2", "only the volume: grow online, no commands"},
		{"SV3", "does the role define stop?"},
		{"SV4", "stop, resize, start: all nodes at once, by sid, or as the package orders them"},
		{"SV5", "without stop: stop the others, resize, start the others"},
		{"SV6", "publish the sizes, remove /vertical-scaling-roles at once"},
		{"SV7", "wait for all"},
	}},
	{"UpgradeCluster and DowngradeCluster", []Step{
		{"UP1", "stop services, power off"},
		{"UP2", "boot the new image; node ids, addresses and volumes stay"},
		{"UP3", "start agents with /upgrade-audit/from_app_version, wait"},
		{"UP4", "upgrade, start, upgrade of the roles that want it last; node by node if sequential"},
		{"UP5", "a failure stops there; otherwise the way back is given up"},
		{"UP5b", "the way back begins with stopping the cluster, every order group of it"},
		{"UP6", "boot the old image"},
		{"UP7", "start agents, wait"},
		{"UP8", "start by order, by the old version"},
	}},
	{"StartCluster and StopCluster", []Step{
		{"ST1", "boot; root disks are fresh where users have no access"},
		{"ST2", "start agents, wait"},
		{"ST3", "start by order"},
		{"SP1", "stop by order"},
		{"SP2", "power off, volumes stay"},
	}},
	{"RestartCluster", []Step{
		{"RS1", "restart of the roles that define it"},
		{"RS2", "stop of the others"},
		{"RS3", "start of the others"},
	}},
	{"RunService", []Step{
		{"RV1", "the service on selected, named or all nodes of its roles"},
	}},
	{"RepairCluster", []Step{
		{"RP1", "take or make the machines of the named nodes"},
		{"RP2", "boot them; those of a cluster that was stopped stay off"},
		{"RP3", "publish everything that nodes see, whoever wrote there"},
		{"RP4", "start agents, wait; end commands that no operation runs"},
		{"RP5", "start on the named nodes"},
	}},
	{"UpdateEnv", []Step{
		{"UE1", "publish changed parameters and the endpoints that follow them"},
		{"UE2", "wait for all; machines that are off apply them when they start"},
	}},
}
