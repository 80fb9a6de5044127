package main

import (
	"fmt"
	"strings"
)

// room is a folder with one job.
type room struct{ folder, is, uses, never string }

// rooms are all folders of the tree, in the order in which one reads them. What they may import is enforced by
// .golangci.yml.
var rooms = []room{
	{"workflows/", "one procedure per operation, as a pure function to its steps, and the walker that runs them; `api/` is what callers need", "`activities` (methods and inputs), `agent/api`, `lifecycle`, `fault`, Temporal's workflow package; `api/` only `agent/api`", "an effect of its own"},
	{"activities/", "effects, one package per subject, each with the interfaces it uses", "`lifecycle`, `specs`, `metadata`, `providers` (the contract), `backup`, the APIs", "SSH, Consul's client, `metadata/store`, a certain provider"},
	{"worker/", "the program `drover-worker`: wiring and configuration", "everything", "decisions"},
	{"sentinel/", "watches all clusters: health of nodes as agents report it, steps of operations; starts what heals; one worker at a time", "`lifecycle`, `metadata`, `workflows/api`, `fault`", "contacting nodes, decisions of its own"},
	{"client/", "the Go client: dials, starts and follows operations, asks the reading workflows; `remote/` does it through drover-console", "`workflows/api`, `agent/api`, `codec`, `fault`, Temporal's client; `remote/` also `console/api`", "Consul, SSH, nodes, a terminal"},
	{"console/", "the program `drover-console`: web pages and the HTTP API; `api/` is the wire, `web/` the sources of the pages", "`client`, `workflows/api`, `metadata/views`, `specs`, `durable`, `fault`", "SSH, providers, control records"},
	{"starter/", "the program `drover`: the CLI", "`client`, `workflows/api`, `agent/api`, `agent/confd`, `specs`, `metrics`, `codec`, `backup/key`, `fault`, Temporal's client", "Consul, SSH, nodes"},
	{"metadata/", "the tree that nodes see as a value; `store/` writes it to Consul, `views/` reads what may be shown of clusters, `reader/` is the light read side of agents, `pack/` their common format", "`lifecycle`, `specs`, `fault`; `store/` also Consul's client", "Temporal"},
	{"specs/", "application packages: read, check, render", "`agent/api`, `fault`", "I/O beyond reading a package"},
	{"lifecycle/", "decisions: the catalogue of operations, stages, ids, permissions, states", "`specs`, `remote/target`, `fault`", "clock, chance, I/O, Temporal"},
	{"providers/", "where machines come from: the contract, its conformance suite, `local/`, `docker/`, `static/`", "`specs`, `agent/api`, `remote/target`, `durable`, `fault`", "Temporal, Consul"},
	{"remote/", "SSH and SFTP to nodes, and the way to a node's agent", "`agent/api`, `agent/client`, `fault`; `target/` only the standard library", "Temporal, Consul"},
	{"agent/", "the program `drover-agent` on every node: rendering, the journal of commands, health checks, metadata over HTTP; `api/` is the wire", "`metadata/reader`, `metadata/pack`, `durable`, `fault`", "Temporal, workflows, activities"},
	{"metrics/", "the list of what is measured; dashboards and alert rules from it and from packages", "`specs`, `agent/api`, `fault`", "measuring anything"},
	{"fault/", "the one vocabulary of failures", "the standard library", "anything else"},
	{"durable/", "writing files that survive a power cut; `folder/` writes folders as tar streams and reads them", "the standard library, `golang.org/x/sys`", "anything else"},
	{"backup/", "how the data of backups is stored: `parts/` its form, `target/` folders and S3 buckets, `key/` encryption", "`durable`, `fault`, minio-go, age, zstd", "clusters, nodes, Temporal, the catalogue"},
	{"codec/", "encryption of what Temporal stores", "`durable`, `fault`", "what is in a payload"},
	{"packages/", "example applications: etcd, ZooKeeper, Redis Cluster", "", ""},
	{"tests/", "proofs and their support: `stack/`, `apps/`, `tracer/`, `fakes/`, `conformance/`, `endtoend/`, `chaos/`, `bench/`", "everything", "being imported by a room above"},
	{"tools/", "pinned servers and tools, and programs for developers: `demo/`, `dev/`, `images/`, `docs/`, `words/`", "everything", "being imported by a room above"},
	{"examples/", "the HTTP API with curl and in Go; a test runs them", "the standard library", "Drover's packages"},
	{"packaging/", "releases: archives, `.deb` with units, lists of modules; a module of its own", "", ""},
	{"docs/", "[architecture](docs/architecture.md), [operations](docs/lifecycle.md), [benchmarks](docs/benchmarks.md), decisions", "", ""},
}

// short is the table for those who look around.
func short() string {
	var b strings.Builder
	b.WriteString("| folder | what it is |\n|---|---|\n")
	for _, r := range rooms {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.folder, r.is)
	}
	return b.String()
}

// walls is the table for those who change code.
func walls() string {
	var b strings.Builder
	b.WriteString("| folder | may use | never |\n|---|---|---|\n")
	for _, r := range rooms {
		if r.uses != "" {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.folder, r.uses, r.never)
		}
	}
	return b.String()
}
