package confd

import (
	"os"
	"path/filepath"
	"strings"
)

// look gives the identities of all resource files, and of the templates among known.
func (e *Engine) look(known map[string]fileID) map[string]fileID {
	confd := filepath.Join(e.confDir, "conf.d")
	names, ids, _ := findResources(confd)
	now := make(map[string]fileID, len(known))
	for _, name := range names {
		now[filepath.Join(confd, name)] = ids[name]
	}
	for path := range known {
		if strings.HasPrefix(path, confd+"/") {
			continue
		}
		now[path] = fileID{}
		if info, err := os.Stat(path); err == nil {
			now[path] = idOf(info)
		}
	}
	return now
}

// read gives the identities of what the last pass worked from.
func (e *Engine) read() map[string]fileID {
	seen := make(map[string]fileID, len(e.resources.files)+len(e.templates.loaded))
	for name, entry := range e.resources.files {
		seen[filepath.Join(e.confDir, "conf.d", name)] = entry.id
	}
	for path, c := range e.templates.loaded {
		seen[path] = c.id
	}
	return seen
}
