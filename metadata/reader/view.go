package reader

import "strings"

// Self is the node a view is for.
type Self struct {
	Role       string // "" for role-less packages
	InstanceID string
	// RootAccess is the package's metadata_root_access: the view has /self/... and /clusters/<id>/...
	RootAccess bool
}

// View returns the keys and values for the node's templates: /hosts/..., /host/..., /cluster/..., /env/... overlaid by
// the env of the node's role, /links/<name>/..., and so on. With root access the same keys begin with /self, and
// /clusters/<id>/ holds the trees of this cluster and of the linked ones, without /host, /links and role env. The caller
// owns the map.
func (s *Snapshot) View(node Self) map[string]string {
	size := len(s.own.entries) + 32
	for _, l := range s.links {
		if l.tree != nil {
			size += len(l.tree.entries)
		}
	}
	root := ""
	if node.RootAccess {
		root = "/self"
		size *= 2
	}
	out := make(map[string]string, size)
	// Keys are stored as "/self/...": cutting /self off, or not, costs no memory.
	cut := len("/self") - len(root)
	for _, e := range s.own.below("/self/") {
		if !strings.HasPrefix(e.Key, "/self/links/") {
			out[e.Key[cut:]] = e.Value
		}
	}
	s.overlayEnv(out, root, node.Role)
	s.addHost(out, root, node)
	for _, l := range s.links {
		l.tree.addTo(out, root+"/links/"+l.name)
	}
	if node.RootAccess {
		s.own.addTo(out, "/clusters/"+s.ClusterID)
		for _, l := range s.links {
			l.tree.addTo(out, "/clusters/"+l.clusterID)
		}
	}
	return out
}

func (s *Snapshot) overlayEnv(out map[string]string, root, role string) {
	prefix := "/roles/" + role
	for _, e := range s.own.below(prefix + "/env/") {
		out[root+e.Key[len(prefix):]] = e.Value
	}
}

// addHost repeats the node's own entry of /hosts as /host.
func (s *Snapshot) addHost(out map[string]string, root string, node Self) {
	prefix := "/self/hosts/"
	if node.Role != "" {
		prefix += node.Role + "/"
	}
	prefix += node.InstanceID
	for _, e := range s.own.below(prefix + "/") {
		out[root+"/host"+e.Key[len(prefix):]] = e.Value
	}
}

// addTo adds the part of a tree that other clusters may see below a prefix.
func (t *tree) addTo(out map[string]string, prefix string) {
	if t == nil {
		return
	}
	for _, e := range t.below("/self/") {
		if !strings.HasPrefix(e.Key, "/self/links/") {
			out[prefix+e.Key[len("/self"):]] = e.Value
		}
	}
}

// Secrets returns the keys of View that hold passwords or tokens of nodes: only root of the node may read them.
func (s *Snapshot) Secrets(node Self) []string {
	root := ""
	if node.RootAccess {
		root = "/self"
	}
	out := s.own.secrets(nil, root)
	out = append(out, root+"/host/token")
	for _, l := range s.links {
		out = l.tree.secrets(out, root+"/links/"+l.name)
	}
	if node.RootAccess {
		out = s.own.secrets(out, "/clusters/"+s.ClusterID)
		for _, l := range s.links {
			out = l.tree.secrets(out, "/clusters/"+l.clusterID)
		}
	}
	return out
}

// secrets appends the secret keys of a tree that is shown below a prefix.
func (t *tree) secrets(out []string, prefix string) []string {
	if t == nil {
		return out
	}
	const marks = "/roles/secrets/"
	for _, e := range t.below(marks) {
		if key := e.Key[len(marks):]; !strings.Contains(key, "/") {
			out = append(out, prefix+"/env/"+key)
		}
	}
	for _, folder := range []string{"/self/hosts/", "/self/adding-hosts/", "/self/deleting-hosts/"} {
		for _, e := range t.below(folder) {
			if strings.HasSuffix(e.Key, "/token") && e.Value != "" {
				out = append(out, prefix+e.Key[len("/self"):])
			}
		}
	}
	return out
}
