package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/moby/moby/client"

	"drover/fault"
)

// Labels of everything that the provider creates. The engine cannot change them later.
const (
	labelInstallation = "drover.installation" // Options.Installation
	labelKind         = "drover.kind"         // one of the kinds below
	labelCluster      = "drover.cluster"
	labelNode         = "drover.node"
	labelID           = "drover.id"       // instance or volume id
	labelSpec         = "drover.spec"     // JSON of the request
	labelAddress      = "drover.address"  // of an instance
	labelHostKey      = "drover.host-key" // its public key
	labelReplaces     = "drover.replaces" // the replaced instance
	labelVxNet        = "drover.vxnet"
	labelSize         = "drover.size-gib"
)

const (
	kindInstance = "instance"
	kindVolume   = "volume"
	kindNetwork  = "network"
	kindJoin     = "network-record" // a cluster joined a vxnet
	kindGrown    = "size-record"    // a volume has grown
)

// name is the name of a resource in the engine.
func (p *Provider) name(id string) string { return p.options.Installation + "-" + id }

// networkName is the name of a vxnet's bridge network; a vxnet that is not a valid name is replaced by a sum.
func (p *Provider) networkName(vxnet string) string {
	switch {
	case vxnet == "":
		return p.name("default")
	case strings.Trim(vxnet, "abcdefghijklmnopqrstuvwxyz0123456789-") == "":
		return p.name("net-" + vxnet)
	default:
		return p.name("net-" + sum(vxnet))
	}
}

func (p *Provider) joinName(clusterID, vxnet string) string {
	return p.name(clusterID + "." + sum(vxnet))
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:6])
}

// labels of a resource of the kind; pairs of further names and values.
func (p *Provider) labels(kind string, pairs ...string) map[string]string {
	l := map[string]string{labelInstallation: p.options.Installation, labelKind: kind}
	for i := 0; i+1 < len(pairs); i += 2 {
		l[pairs[i]] = pairs[i+1]
	}
	return l
}

// labelled is a filter for resources of the kind; pairs as above.
func (p *Provider) labelled(kind string, pairs ...string) client.Filters {
	f := client.Filters{}
	for name, value := range p.labels(kind, pairs...) {
		f = f.Add("label", name+"="+value)
	}
	return f
}

// ofCluster is a filter for resources of the kind of one cluster; "" means any.
func (p *Provider) ofCluster(kind, clusterID string) client.Filters {
	if clusterID == "" {
		return p.labelled(kind)
	}
	return p.labelled(kind, labelCluster, clusterID)
}

// validID refuses ids that are not valid names.
func validID(kind, id string) error {
	if id == "" || len(id) > 60 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || id[0] == '-' {
		return fault.New(fault.Invalid, "provider docker: %q cannot be the id of %s: lower-case letters, digits and dashes only", id, kind)
	}
	return nil
}

// sameCluster refuses an existing resource of another cluster under the same id.
func sameCluster(kind, id, have, want string) error {
	if have == want {
		return nil
	}
	return fault.New(fault.Conflict, "provider docker: %s %s exists and belongs to cluster %s", kind, id, have)
}
