package lifecycle

// Step names what an operator may want to skip: a documented step that is not about commands (Service ""), or one order
// group of a stage.
type Step struct {
	Operation string // workflow type
	ID        string // "CC4"
	Service   string
	Kind      Kind
}

// MaySkip says whether an operation may go on past a failed step as if it had succeeded, because an operator has done by
// hand what it was to do, or takes its absence on himself; nil when it may. What may not: machines and metadata, which
// nobody can make by hand so that Drover knows; agents and configuration that later commands need; whatever protects
// data; what is the whole of its operation.
func MaySkip(s Step) *Refusal {
	if s.Service != "" {
		return maySkipCommand(s)
	}
	if skippableSteps[[2]string{s.Operation, s.ID}] {
		return nil
	}
	if why, known := unskippable[s.ID]; known {
		return &why
	}
	return &Refusal{Why: "the steps that come next need it", Hint: toRepair}
}

const toRepair = "repair what it needs and retry, or abort"

func maySkipCommand(s Step) *Refusal {
	switch {
	case s.Service == ServiceDestroy:
		return &Refusal{
			Why:  "destroy is the guard of the package's data",
			Hint: "abort, and ask again with force if the data may go",
		}
	case s.Service == ServiceScaleIn:
		return &Refusal{
			Why:  "a failing scale_in always bars the release of nodes: their data may be nowhere else",
			Hint: toRepair,
		}
	case s.Service == ServiceScaleOut && s.Kind == PreCheck:
		return &Refusal{
			Why:  "the package's check says that the cluster cannot grow now, and nothing was created yet",
			Hint: toRepair,
		}
	case s.Service == ServiceCustomMetadata:
		return &Refusal{
			Why:  "what it prints is registered in metadata, where other nodes wait for it",
			Hint: toRepair,
		}
	case s.Service == ServiceNodesOrder: // nodes are taken by sid then
		return nil
	case s.Operation == OpRunService:
		return &Refusal{
			Why:  "the service is all there is to the operation: skipped, it would be told as done",
			Hint: toRepair,
		}
	}
	return nil
}

// skippableSteps are the steps without commands that may be skipped: nothing after them needs what they wait for.
var skippableSteps = map[[2]string]bool{
	{OpDeleteNodes, "DN12"}:  true, // the remaining nodes apply what is visible already
	{OpScaleVertical, "SV7"}: true, // all nodes apply what is visible already
	{OpUpdateEnv, "UE2"}:     true, // all nodes apply what is visible already
}

// unskippable says why the other steps without commands may not be skipped, where there is more to say than that the
// next steps need them.
var unskippable = map[string]Refusal{
	"CC1":  {Why: "there is no cluster without machines", Hint: toRepair},
	"CC2":  {Why: "nodes learn about each other from metadata alone", Hint: toRepair},
	"CC3":  {Why: "commands run through the agents, on nodes that know the cluster", Hint: toRepair},
	"CC4":  {Why: "nodes learn about each other from metadata alone", Hint: toRepair},
	"AN1":  {Why: "there are no new nodes without machines", Hint: toRepair},
	"AN2":  {Why: "nodes learn about each other from metadata alone", Hint: toRepair},
	"AN3":  {Why: "existing nodes must know the new ones before commands run for them", Hint: toRepair},
	"AN4":  {Why: "commands run through the agents, on nodes that know the cluster", Hint: toRepair},
	"AN5":  {Why: "nodes learn about each other from metadata alone", Hint: toRepair},
	"AN7":  {Why: "/adding-hosts must be empty when the operation ends", Hint: toRepair},
	"DC1":  {Why: "the package's guards need nodes that run", Hint: "repair them and retry, or abort, and ask again with force"},
	"DC8":  {Why: "what is not released is not gone", Hint: "repair what bars the release and retry, or abort: the deletion can be repeated"},
	"DN1":  {Why: "nodes learn from metadata alone who leaves", Hint: toRepair},
	"DN2":  {Why: "nodes must know who leaves before commands run for it", Hint: toRepair},
	"DN10": {Why: "what is not released is not gone", Hint: "repair what bars the release and retry, or abort: what is left goes to the orphans"},
	"DN11": {Why: "nodes learn from metadata alone who left", Hint: toRepair},
	"SV1":  {Why: "nodes must know what is scaled before commands run for it", Hint: toRepair},
	"SV2":  {Why: "sizes are told as they are", Hint: toRepair},
	"SV4":  {Why: "sizes are told as they are, and the nodes may be off", Hint: toRepair},
	"SV5":  {Why: "sizes are told as they are, and the nodes may be off", Hint: toRepair},
	"SV6":  {Why: "nodes learn the new sizes from metadata alone", Hint: toRepair},
	"UP1":  {Why: "the image cannot be changed below a machine that runs", Hint: toRepair},
	"UP2":  {Why: "the new version is in its image", Hint: toRepair},
	"UP6":  {Why: "the version before is in its image", Hint: toRepair},
	"UP3":  {Why: "commands run through the agents, and ask the metadata what they upgrade from", Hint: toRepair},
	"UP7":  {Why: "commands run through the agents, on nodes that know their version", Hint: toRepair},
	"ST1":  {Why: "services start on machines that run", Hint: toRepair},
	"ST2":  {Why: "commands run through the agents, on nodes that know the cluster", Hint: toRepair},
	"SP2":  {Why: "the machines would be taken for switched off", Hint: toRepair},
	"RP1":  {Why: "the machines are what was asked for", Hint: toRepair},
	"RP2":  {Why: "agents run on machines that are on", Hint: toRepair},
	"RP3":  {Why: "nodes learn about each other from metadata alone", Hint: toRepair},
	"RP4":  {Why: "commands run through the agents", Hint: toRepair},
	"UE1":  {Why: "publishing the values is the change", Hint: toRepair},
}
