package preview

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drover/fault"
	"drover/lifecycle"
	"drover/metadata"
	"drover/metadata/reader"
	"drover/specs"
)

// Cluster is a made-up cluster.
type Cluster struct {
	record *lifecycle.Record
	keys   metadata.Tree
}

// ids are numbers with the shapes of real ids.
type ids struct{ n int }

func (i *ids) next(prefix string) string {
	i.n++
	return fmt.Sprintf("%s-%08d", prefix, i.n)
}

func (i *ids) Node() string     { return i.next("cln") }
func (i *ids) Instance() string { return i.next("i") }
func (i *ids) Volume() string   { return i.next("vol") }
func (i *ids) GSID() int        { i.n++; return 100_000_000 + i.n }

// New makes up a cluster of a rendered package. Nodes have addresses of 10.77.0.0/16 in the order of roles and server ids.
func New(app string, spec *specs.Cluster) (*Cluster, error) {
	nodes, err := lifecycle.Allocate(spec, &ids{})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "no cluster can be made up")
	}
	for i := range nodes {
		n := &nodes[i]
		n.IP = fmt.Sprintf("10.77.%d.%d", (i+1)/250, (i+1)%250+1)
		n.MAC = fmt.Sprintf("52:54:00:00:%02x:%02x", (i+1)>>8, (i+1)&0xff)
		n.Zone, n.Hypervisor, n.PhysicalMachine = "zone-1", "preview", "host-1"
		if role, ok := spec.Role(n.Role); ok {
			if role.Passphraseless != "" {
				n.PubKey = role.Passphraseless + " AAAA preview"
			}
			if role.CustomMetadata != nil {
				n.Token = "token-" + n.ID
			}
		}
	}
	rec := &lifecycle.Record{
		ClusterID: "cl-preview0", Name: spec.Name, AppID: app, VersionID: "preview", UserID: "preview", Zone: "zone-1",
		GlobalUUID: "00000000-0000-4000-8000-000000000000", State: lifecycle.Active, Spec: spec, Nodes: nodes, Revision: 1,
	}
	keys, err := metadata.Build(rec)
	if err != nil {
		return nil, err
	}
	return &Cluster{record: rec, keys: keys}, nil
}

// Nodes are the names of the nodes, ROLE/SID, or SID in a package without roles.
func (c *Cluster) Nodes() []string {
	var out []string
	for _, n := range c.record.Nodes {
		out = append(out, strings.TrimPrefix(n.Role+"/"+strconv.Itoa(n.SID), "/"))
	}
	return out
}

// View is what templates of a node see, and the role's image.
func (c *Cluster) View(node string) (keys map[string]string, image string, _ error) {
	i := slices.Index(c.Nodes(), strings.TrimPrefix(node, "/"))
	if i < 0 {
		return nil, "", fault.New(fault.Invalid, "no node %q", node).WithHint("the nodes are %s; more with --set", brief(c.Nodes()))
	}
	n := c.record.Nodes[i]
	role, _ := c.record.Spec.Role(n.Role)
	s := reader.Given(c.record.ClusterID, c.keys, nil)
	return s.View(reader.Self{Role: n.Role, InstanceID: n.InstanceID, RootAccess: c.record.Spec.MetadataRootAccess}), role.Container.Image, nil
}

func brief(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(", ... (%d in all)", len(names))
	}
	return strings.Join(names, ", ")
}
