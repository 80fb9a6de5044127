package lifecycle

import "slices"

// Why steps may not be skipped, where several share the reason.
const (
	onlyMetadata = "nodes learn about each other from metadata alone"
	viaAgents    = "commands run through the agents, on nodes that know the cluster"
)

// Steps of the seed's procedures, in its order: the digits are the seed's own numbers; 0 is the permission check.
const (
	CC1 StepID = "CC1"
	CC2 StepID = "CC2"
	CC3 StepID = "CC3"
	CC4 StepID = "CC4"

	DC0 StepID = "DC0"
	DC1 StepID = "DC1"
	DC2 StepID = "DC2"
	DC3 StepID = "DC3"
	DC4 StepID = "DC4"
	DC5 StepID = "DC5"
	DC6 StepID = "DC6"
	DC7 StepID = "DC7"
	DC8 StepID = "DC8"

	AN0 StepID = "AN0"
	AN1 StepID = "AN1"
	AN2 StepID = "AN2"
	AN3 StepID = "AN3"
	AN4 StepID = "AN4"
	AN5 StepID = "AN5"
	AN6 StepID = "AN6"
	AN7 StepID = "AN7"

	DN0  StepID = "DN0"
	DN1  StepID = "DN1"
	DN2  StepID = "DN2"
	DN2b StepID = "DN2b"
	DN3  StepID = "DN3"
	DN4  StepID = "DN4"
	DN5  StepID = "DN5"
	DN6  StepID = "DN6"
	DN7  StepID = "DN7"
	DN8  StepID = "DN8"
	DN9  StepID = "DN9"
	DN10 StepID = "DN10"
	DN11 StepID = "DN11"
	DN12 StepID = "DN12"

	SV1 StepID = "SV1"
	SV2 StepID = "SV2"
	SV3 StepID = "SV3"
	SV4 StepID = "SV4"
	SV5 StepID = "SV5"
	SV6 StepID = "SV6"
	SV7 StepID = "SV7"

	UP0  StepID = "UP0"
	UP1  StepID = "UP1"
	UP2  StepID = "UP2"
	UP3  StepID = "UP3"
	UP4  StepID = "UP4"
	UP5  StepID = "UP5"
	UP5b StepID = "UP5b"
	UP6  StepID = "UP6"
	UP7  StepID = "UP7"
	UP8  StepID = "UP8"
)

// Steps of the operations that the seed does not describe.
const (
	ST1 StepID = "ST1"
	ST2 StepID = "ST2"
	ST3 StepID = "ST3"
	SP1 StepID = "SP1"
	SP2 StepID = "SP2"
	RS1 StepID = "RS1"
	RS2 StepID = "RS2"
	RS3 StepID = "RS3"
	RV1 StepID = "RV1"
	UE1 StepID = "UE1"
	UE2 StepID = "UE2"
	RP1 StepID = "RP1"
	RP2 StepID = "RP2"
	RP3 StepID = "RP3"
	RP4 StepID = "RP4"
	RP5 StepID = "RP5"

	BK1  StepID = "BK1"
	BK1b StepID = "BK1b"
	BK2  StepID = "BK2"
	BK3  StepID = "BK3"
	BK4  StepID = "BK4"
	RE1  StepID = "RE1"
	RE2  StepID = "RE2"
	RE3  StepID = "RE3"
	RE4  StepID = "RE4"
	RE5  StepID = "RE5"
	RE6  StepID = "RE6"
	RI1  StepID = "RI1"
	RI2  StepID = "RI2"
	RI3  StepID = "RI3"
	RI4  StepID = "RI4"
	RI5  StepID = "RI5"
	VB1  StepID = "VB1"
	VB2  StepID = "VB2"
	VB3  StepID = "VB3"
	VB4  StepID = "VB4"
	VB5  StepID = "VB5"
	VB6  StepID = "VB6"
	VB7  StepID = "VB7"
	VB8  StepID = "VB8"
	DB1  StepID = "DB1"
	DB2  StepID = "DB2"
	DB3  StepID = "DB3"

	RC1 StepID = "RC1"
	RC2 StepID = "RC2"
	RC3 StepID = "RC3"
	CE1 StepID = "CE1"
)

// notDeleted are all states but that of a cluster in the recycle bin.
var notDeleted = []State{Creating, Active, Stopped, Failed, UpgradeFailed, Deleting}

// Catalogue declares every operation, in the order documentation lists them.
var Catalogue = []Procedure{
	{
		Op: OpCreateCluster, Does: "creates a cluster of a published application",
		OnFailure: "machines are released, then metadata and record are removed. With `--on-failure keep` everything stays, state `failed`, for inspection.",
		Steps: []StepDef{
			needed(CC1, "prepare resources", "machines, volumes and the network for all nodes, concurrently", "there is no cluster without machines"),
			needed(CC2, "register cluster info to metadata", "the whole cluster becomes visible in metadata, one revision", onlyMetadata),
			needed(CC3, "start the agent on all nodes", "the agent starts on all nodes; every node applies the revision", viaAgents),
			needed(CC4, "register custom metadata", "`init` of roles without post_start_service, `custom_metadata`, `start`, `init` of the other roles", onlyMetadata),
		},
	},
	{
		Op: OpDeleteCluster, Does: "deletes a cluster, from every state, once the package's destroy guard agrees", StopsServices: true, From: notDeleted,
		OnFailure: "before DC8 nothing is released; a cluster whose services were stopped counts as stopped. With `keep` DC8 releases nothing either.",
		NoReturn:  Point{[]StepID{DC8}, "resources are being released, and a cluster that lost some of them cannot come back; with keep, the cluster goes to the recycle bin, and drover recover brings it back"},
		Steps: []StepDef{
			decides(DC0, "no other cluster links to it, unless the user forces; force is allowed by every role with nodes"),
			{DC1, "make sure that the nodes run, so that their commands can",
				"without any destroy service only DC2 and DC8 apply; a cluster that never was active goes straight to DC8; machines that are off are booted",
				&Refusal{Why: "the package's guards need nodes that run", Hint: "repair them and retry, or abort, and delete with force"}},
			commands(DC2, "without destroy: `stop` on all nodes"),
			decides(DC3, "destroy before or after stop, as each role's post_stop_service says"),
			commands(DC4, "roles with post_stop_service: `stop`, then `destroy`; a refusal leaves the cluster stopped"),
			commands(DC5, "roles without post_stop_service: `destroy` before stop, the guard"),
			decides(DC6, "the guard refuses and the user does not force: nothing was stopped, the cluster stays active"),
			commands(DC7, "`stop` on all nodes"),
			released(DC8, "delete all resources and deregister the cluster from metadata",
				"every resource is released, then the metadata goes, last the record; the point of no return. With `keep` the machines are powered off, everything is kept, the cluster is `deleted` and in the recycle bin", "the deletion can be repeated"),
		},
	},
	{
		Op: OpAddNodes, Does: "adds nodes to a role, and the replicas that belong to them", From: []State{Active},
		OnFailure: "up to AN5 the new nodes are released again. From AN6 on they may hold data and stay; `/adding-hosts` is emptied.",
		Stays:     Point{[]StepID{AN6, AN7}, "the new nodes may hold data and stay; a cancel ends the operation without undoing them"},
		Steps: []StepDef{
			commands(AN0, "allowed by `scale_horizontal` or `add_nodes` in advanced_actions, and by the rules of the count; `scale_out`'s pre_check on existing nodes"),
			needed(AN1, "prepare resources for new nodes", "machines and volumes for the new nodes", "there are no new nodes without machines"),
			needed(AN2, "register the new nodes in /hosts and /adding-hosts", "they appear in `/hosts` and `/adding-hosts`, one revision", onlyMetadata),
			needed(AN3, "existing nodes update their configuration", "existing nodes apply it", "existing nodes must know the new ones before commands run for them"),
			needed(AN4, "start the agent on the new nodes", "the agent starts on the new nodes", viaAgents),
			needed(AN5, "register custom metadata", "as CC4, on the new nodes only", onlyMetadata),
			commands(AN6, "`scale_out` on existing nodes of every role that defines it"),
			needed(AN7, "delete the content of /adding-hosts", "`/adding-hosts` is emptied; all nodes apply it", "/adding-hosts must be empty when the operation ends"),
		},
	},
	{
		Op: OpDeleteNodes, Does: "removes named nodes from a cluster", From: []State{Active}, StopsServices: true,
		OnFailure: "`/deleting-hosts` is emptied however it ends; nodes that stay although they were stopped are started again.",
		NoReturn:  Point{[]StepID{DN10}, "resources of the leaving nodes are being released, and they cannot come back"},
		Steps: []StepDef{
			decides(DN0, "allowed by `scale_horizontal`; known nodes; no role below its least count; masters together with their replicas"),
			needed(DN1, "register the nodes to be deleted in /deleting-hosts", "the nodes appear in `/deleting-hosts`", "nodes learn from metadata alone who leaves"),
			needed(DN2, "all nodes update their configuration", "all nodes apply it, leaving ones too", "nodes must know who leaves before commands run for it"),
			commands(DN2b, "`scale_in`'s pre_check on the remaining nodes"),
			decides(DN3, "do the leaving nodes define destroy?"),
			commands(DN4, "without destroy: `scale_in` on the remaining nodes, then `stop` on the leaving ones; a failing `scale_in` always prevents the release"),
			decides(DN5, "destroy before or after stop, as each role's post_stop_service says"),
			commands(DN6, "destroy after stop: `scale_in` on the remaining nodes, `stop`, then `destroy` on the leaving ones"),
			commands(DN7, "destroy before stop: `destroy` on the leaving nodes, the guard"),
			decides(DN8, "the guard refuses and the user does not force: nothing was stopped"),
			commands(DN9, "then `scale_in` on the remaining nodes, `stop` on the leaving ones"),
			released(DN10, "delete the resources of the nodes", "machines and volumes of the leaving nodes are released; the point of no return", "what is left goes to the orphan ledger"),
			needed(DN11, "deregister the nodes from /hosts and /deleting-hosts", "they leave `/hosts` and `/deleting-hosts`, one revision", "nodes learn from metadata alone who left"),
			skippable(DN12, "remaining nodes update their configuration", "the remaining nodes apply it"),
		},
	},
	{
		Op: OpScaleVertical, Does: "changes cpu, memory or volume size of one role and its replicas", From: []State{Active}, StopsServices: true,
		OnFailure: "the nodes at hand get their old size and are started again; nodes that are done keep the new size.",
		NoReturn:  Point{[]StepID{SV6}, "the nodes have their new size and run; only telling them remains"},
		Steps: []StepDef{
			needed(SV1, "register the role in /vertical-scaling-roles", "`/vertical-scaling-roles` names the role until after the last start; all nodes apply it", "nodes must know what is scaled before commands run for it"),
			needed(SV2, "grow the volumes online", "only the volume grows: online where the provider can, no commands", "published sizes must be the real ones"),
			decides(SV3, "does the role define stop?"),
			needed(SV4, "ask for the order of nodes", "the role has `stop`: stop, resize, boot, `start`, for all nodes at once or one by one (`vertical_scaling_policy`; by sid, or as `get_nodes_order` prints)", "published sizes must be the real ones, and the nodes may be off"),
			needed(SV5, "resize nodes", "the role has no `stop`: the services of the other nodes are stopped and started around the resize", "published sizes must be the real ones, and the nodes may be off"),
			needed(SV6, "update the scaled nodes in metadata and delete /vertical-scaling-roles", "the new sizes become visible and `/vertical-scaling-roles` goes, one revision", "nodes learn the new sizes from metadata alone"),
			skippable(SV7, "all nodes update their configuration", "all nodes apply it"),
		},
	},
	{
		Op: OpUpgradeCluster, Does: "takes a cluster to another published version of its application", From: []State{Active},
		OnFailure: "the upgrade ends where it is, state `upgrade_failed`. With `--on-failure rollback` the downgrade follows at once.",
		NoReturn:  Point{[]StepID{UP5}, "every node runs the new version, and the way back is given up"},
		Steps: []StepDef{
			commands(UP0, "`upgrade`'s pre_check of the new version, on the nodes as they are; with `upgrading_policy: sequential`, `get_nodes_order` of the version that runs"),
			needed(UP1, "power off", "`stop`, by the version that runs; power off", "the image of a running machine cannot be changed"),
			needed(UP2, "new image", "a new machine with the new version's image; node id, sid, address and volumes stay", "the new version is in its image"),
			needed(UP3, "start the agent", "the agent starts; `/upgrade-audit/from_app_version` is there", "commands run through the agents, and read in metadata what they upgrade from"),
			commands(UP4, "`upgrade` (or `start` first, where post_start_service says so); UP1 to UP4 node by node with `upgrading_policy: sequential`"),
			needed(UP5, "finish the upgrade", "any failure: the upgrade ends there. Otherwise the way back is given up and `/upgrade-audit` goes", "the upgrade ends with it"),
		},
	},
	{
		Op: OpDowngradeCluster, Does: "takes a cluster whose upgrade failed back to the version before", From: []State{UpgradeFailed},
		OnFailure: "the downgrade stays where it is; run it again to continue.",
		Stays:     Point{[]StepID{UP5b}, "a cancel stops the downgrade where it is; run it again to continue"},
		Steps: []StepDef{
			needed(UP5b, "power off all nodes", "`stop` on every node where anything can run (the machine is on, and an agent was started there), by the version that runs on it, past failures; power off", "the image of a running machine cannot be changed"),
			needed(UP6, "start all nodes with the image of the version before", "the old image", "the version before is in its image"),
			needed(UP7, "start the agent on all nodes", "the agent starts on all nodes; every node applies the revision", "commands run through the agents, on nodes that know their version"),
			commands(UP8, "`start` by order, by the old version"),
		},
	},
	{
		Op: OpStartCluster, Does: "boots the machines of a stopped cluster and starts its services", From: []State{Stopped},
		OnFailure: "the machines stay on, the cluster stays stopped; starting it again continues.",
		Stays:     Point{[]StepID{ST2}, "the machines run and stay on; a cancel leaves the cluster stopped, and starting it again continues"},
		Steps: []StepDef{
			needed(ST1, "boot all nodes", "boot; nodes without user_access get a fresh root disk", "services start on machines that run"),
			needed(ST2, "start the agent on all nodes", "agents start; all nodes apply the revision", viaAgents),
			commands(ST3, "`start` by order"),
		},
	},
	{
		Op: OpStopCluster, Does: "stops the services of a cluster and powers its machines off; volumes are kept", From: []State{Active}, StopsServices: true,
		OnFailure: "what was stopped stays stopped; start the cluster again.",
		Stays:     Point{[]StepID{SP1, SP2}, "what was stopped stays so; a cancel leaves the cluster stopped"},
		Steps: []StepDef{
			commands(SP1, "`stop` by order"),
			needed(SP2, "power off all nodes", "power off; volumes are kept", "the machines would be recorded as off while they run"),
		},
	},
	{
		Op: OpRestartCluster, Does: "restarts the services of a cluster, of one role, or of the nodes named", From: []State{Active}, StopsServices: true,
		OnFailure: "the cluster counts as stopped; start it. A restart that heals nodes leaves it active.",
		Stays:     Point{[]StepID{RS1, RS2, RS3}, "a cancel starts nothing again; it leaves the cluster stopped, and starting it makes sure of everything"},
		Steps: []StepDef{
			commands(RS1, "`restart` of the roles that define it"),
			commands(RS2, "`stop` of the other roles"),
			commands(RS3, "`start` of the other roles"),
		},
	},
	{
		Op: OpRunService, Does: "runs a custom service of the package", From: []State{Active},
		OnFailure: "the effects of the command stay.",
		Stays:     Point{[]StepID{RV1}, "the effects of the command stay; a cancel only ends it"},
		Steps: []StepDef{
			commands(RV1, "the service, on the nodes its selector prints, or those named, or the first `nodes_to_execute_on`; its parameters as one quoted JSON argument"),
		},
	},
	{
		Op: OpUpdateEnv, Does: "changes env parameters; nodes apply them by their templates and reload commands", From: []State{Active, Stopped},
		OnFailure: "published values stay.",
		Stays:     Point{[]StepID{UE2}, "the values are visible and stay; a cancel only ends the wait for the nodes"},
		Steps: []StepDef{
			needed(UE1, "publish the changed parameters", "changed parameters and the endpoints that follow them become visible, one revision", "publishing the values is the change"),
			skippable(UE2, "all nodes update their configuration", "all nodes apply it; machines that are off do so when they start"),
		},
	},
	{
		Op: OpRepairCluster, Does: "makes a cluster match its control record again, without a stop", From: []State{Active, Stopped}, StopsServices: true,
		OnFailure: "what is repaired stays so; repair again to continue. With nodes named, the cluster counts as stopped until RP5 has ended; a repair that heals nodes leaves it active.",
		Stays:     Point{[]StepID{RP1, RP3}, "what is repaired stays so; a cancel leaves the rest, and repairing again continues"},
		Steps: []StepDef{
			needed(RP1, "take or make the machines", "the machines of the nodes named: taken as the provider has them, or made again on the volumes they had; with `replace`, other machines on these volumes", "the machines are what was asked for"),
			needed(RP2, "boot the machines", "boot them (machines of a stopped cluster stay off)", "agents run on machines that are on"),
			needed(RP3, "publish everything that nodes see", "everything that nodes see is published, over what anything else wrote there", onlyMetadata),
			needed(RP4, "start the agent on all nodes, end stray commands", "agents start; commands that belong to no operation are ended", "commands run through the agents"),
			commands(RP5, "`start` on the nodes named"),
		},
	},
	{
		Op: OpBackupCluster, Does: "backs a cluster up to a target, while it runs", From: []State{Active},
		OnFailure: "what there is of the backup is removed; the cluster is as it was. An unfinished backup is never used.",
		Steps: []StepDef{
			needed(BK1, "enter the backup in the catalogue as unfinished", "the backup is entered in the catalogue as unfinished; then `backup` by order, of replicas where it says with_replica", "the backup needs the data that the package's backup prepares"),
			commands(BK1b, "`verify`, where the package has it as a custom service: what it prints is kept for comparison"),
			needed(BK2, "take snapshots of the volumes", "backup_policy device: a snapshot of every volume of the roles with `backup`", "the data is in the snapshots"),
			needed(BK3, "store the data at the target", "every volume, or with backup_policy custom every folder that `backup` has filled, is stored at the target: compressed, encrypted where there is a key, with its sums", "a backup without its data cannot be restored"),
			needed(BK4, "mark the backup as whole, remove snapshots and folders", "the manifest is written, the backup becomes whole; snapshots and folders go", "an unfinished backup is never used"),
		},
	},
	{
		Op: OpRestoreCluster, Does: "makes a new cluster from a backup: version, sizes, values and server ids are the original's",
		OnFailure: "as for CreateCluster: machines are released, then metadata and record are removed. The backup stays.",
		Steps: []StepDef{
			needed(RE1, "prepare resources", "machines, volumes and the network for all nodes, concurrently", "there is no cluster without machines"),
			needed(RE2, "bring the data of the backup to the nodes", "volumes are filled from the target, or the folders where `restore` finds its files; every byte is compared with its sum", "the cluster would start without its data"),
			needed(RE3, "register cluster info to metadata", "the whole cluster becomes visible in metadata, one revision", onlyMetadata),
			needed(RE4, "start the agent on all nodes", "the agent starts on all nodes; every node applies the revision", viaAgents),
			needed(RE5, "register custom metadata", "as CC4, with `restore` in place of `start` for the roles that define it", onlyMetadata),
			skippable(RE6, "remove the folders of the backup", "the folders that `restore` has read go"),
		},
	},
	{
		Op: OpRestoreInPlace, Does: "puts a backup with backup_policy custom over the cluster it was made of", From: []State{Active}, StopsServices: true,
		OnFailure: "before RI4 the cluster is as it was. From RI4 on it counts as stopped; the safety backup of RI2 has what it had.",
		Stays:     Point{[]StepID{RI4}, "the package's restore has begun to replace data; the safety backup has what was there"},
		Steps: []StepDef{
			commands(RI1, "the guard: `destroy` of the roles that run it before stop; a refusal ends it, unless the user forces"),
			needed(RI2, "make a safety backup of the volumes", "where the provider takes snapshots: a backup of all volumes, as BK2 to BK4", "data would be replaced that exists nowhere else"),
			needed(RI3, "bring the data of the backup to the nodes", "the folders where `restore` finds its files are filled from the target", "restore needs the files of the backup"),
			commands(RI4, "`restore` by order"),
			skippable(RI5, "remove the folders of the backup", "the folders that `restore` has read go"),
		},
	},
	{
		Op: OpVerifyBackup, Does: "proves a backup: restores it into a throw-away cluster, compares, and deletes that cluster",
		OnFailure: "the catalogue notes why the verification failed; the throw-away cluster is released.",
		NoReturn:  Point{[]StepID{VB8}, "the throw-away cluster is being released"},
		Steps: []StepDef{
			needed(VB1, "prepare resources", "as RE1, for a throw-away cluster", "there is no cluster without machines"),
			needed(VB2, "bring the data of the backup to the nodes", "as RE2", "the cluster would start without its data"),
			needed(VB3, "register cluster info to metadata", "as RE3", onlyMetadata),
			needed(VB4, "start the agent on all nodes", "as RE4", viaAgents),
			needed(VB5, "register custom metadata", "as RE5", onlyMetadata),
			needed(VB6, "wait until the health checks succeed", "every node with a health check is healthy", "a cluster that is not healthy does not prove its backup"),
			needed(VB7, "compare with what was printed when the backup was made", "`verify`, where the backup has its output: it must print the same. The catalogue notes the success", "the comparison is the verification"),
			released(VB8, "release the throw-away cluster", "all resources, metadata and record of the throw-away cluster go, without its guards", "delete the throw-away cluster with force"),
		},
	},
	{
		Op: OpDeleteBackup, Does: "deletes a backup, and the later points of its chain, whether its cluster exists or not", From: slices.Concat(notDeleted, []State{Deleted}),
		OnFailure: "the backup stays marked as being deleted, and is never used; delete it again to finish.",
		Stays:     Point{[]StepID{DB1}, "the backup is marked as being deleted; delete it again to finish"},
		Steps: []StepDef{
			needed(DB1, "mark the backup as being deleted", "from here on nothing uses it", "a backup must not be used while its data goes"),
			commands(DB2, "backup_policy custom, on an active cluster: `delete_snapshot`"),
			needed(DB3, "delete the data, then the entry of the catalogue", "the data at the target goes, last the entry", "data without an entry would be forgotten"),
		},
	},
	{
		Op: OpRecoverCluster, Does: "brings a deleted cluster back from the recycle bin, with its data, addresses and ids", From: []State{Deleted},
		OnFailure: "before RC2 the machines are powered off again, and the cluster stays in the recycle bin for the whole time once more. From RC2 on it counts as stopped; start it.",
		Stays:     Point{[]StepID{RC2}, "the cluster has left the recycle bin; a cancel leaves it stopped, and starting it continues"},
		Steps: []StepDef{
			needed(RC1, "power on the machines that were kept", "the machines are powered on; one that the provider has lost is made again on the volumes that were kept. A lost volume is refused before", "services start on machines that run"),
			needed(RC2, "start the agent on all nodes", "the cluster leaves the recycle bin; agents start; all nodes apply the revision", viaAgents),
			commands(RC3, "`start` by order, and no `init`; not of a cluster that is half-way between two versions, which is `upgrade_failed` again"),
		},
	},
	{
		Op: OpCeaseCluster, Does: "releases a deleted cluster before its time in the recycle bin is up, or when it is", From: []State{Deleted, Deleting},
		OnFailure: "what is not released yet stays on record, state `deleting`; cease it again to finish.",
		NoReturn:  Point{[]StepID{CE1}, "resources are being released, and a cluster that lost some of them cannot come back"},
		Steps: []StepDef{
			released(CE1, "delete all resources and deregister the cluster from metadata", "as DC8 without `keep`", "cease the cluster again"),
		},
	},
}
