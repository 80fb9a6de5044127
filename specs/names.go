package specs

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the longest name of a metadata key's part, in bytes.
const maxName = 255

// KeyProblem says why a name cannot be one component of a metadata key; "" when it can. Dots, dashes, spaces and any script
// are fine. A slash would make a folder out of a leaf, "." and ".." are steps in a path, control characters cannot be told
// apart by people, and bytes that are not UTF-8 do not survive Consul's JSON.
func KeyProblem(name string) string {
	switch {
	case name == "":
		return "is empty"
	case name == "." || name == "..":
		return "is a step in a path"
	case len(name) > maxName:
		return "is longer than 255 bytes"
	case strings.Contains(name, "/"):
		return "contains a slash"
	case !utf8.ValidString(name):
		return "is not UTF-8 text"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

// The parts of an accesskey item, published as a folder: /env/<key>/access_key_id and /env/<key>/secret_access_key.
const (
	accessKeyID     = "access_key_id"
	secretAccessKey = "secret_access_key"
)

// EnvKeyProblem is KeyProblem for a key of Cluster.Env and Role.Env, which may also be a part of an access key.
func EnvKeyProblem(key string) string {
	for _, part := range []string{accessKeyID, secretAccessKey} {
		if name, ok := strings.CutSuffix(key, "/"+part); ok {
			return KeyProblem(name)
		}
	}
	return KeyProblem(key)
}

// Where a mount point would break a node. Machines that boot from an image are Drover's own; hosts of provider static exist
// before Drover uses them, and more of their paths are taken.
var (
	nodePaths = []string{"/", "/root"}
	nodeTrees = []string{"/bin", "/dev", "/etc", "/lib", "/lib64", "/opt/drover", "/proc", "/run", "/sbin", "/sys", "/usr"}
	hostPaths = []string{"/", "/home", "/opt", "/root", "/run", "/tmp", "/usr", "/usr/local", "/var", "/var/cache", "/var/lib", "/var/log", "/var/spool", "/var/tmp"}
	hostTrees = []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr/bin", "/usr/lib", "/usr/sbin",
		"/var/lib/drover", "/opt/drover", "/run/drover", "/var/log/drover"}
)

// MountProblem says why no node that boots from an image can have a volume at a cleaned path; "" when one can.
func MountProblem(at string) string { return unfitPath(at, nodePaths, nodeTrees) }

// HostMountProblem says why no host of provider static can have data at a cleaned path; "" when one can.
func HostMountProblem(at string) string { return unfitPath(at, hostPaths, hostTrees) }

func unfitPath(at string, paths, trees []string) string {
	inside := func(tree string) bool { return at == tree || strings.HasPrefix(at, tree+"/") }
	switch {
	case !path.IsAbs(at) || path.Clean(at) != at || strings.ContainsFunc(at, unicode.IsControl):
		return "is not a plain absolute path"
	case slices.Contains(paths, at) || slices.ContainsFunc(trees, inside):
		return "belongs to the system"
	}
	return ""
}
