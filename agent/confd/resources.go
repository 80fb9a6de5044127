package confd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// resourceSet is conf.d as read last: each file parsed once and kept until it changes.
type resourceSet struct {
	dir   string
	files map[string]*resourceEntry
	order []string
}

type resourceEntry struct {
	id  fileID
	res *resource
	err error // quarantined: why
}

// maxResourceFile is far above any real resource; a bigger file is something else.
const maxResourceFile = 1 << 20

// findResources lists the files below dir whose name ends in toml, recursively, in lexical order, with their identity;
// the identity is zero for what cannot be examined. A missing folder has none.
func findResources(dir string) (names []string, ids map[string]fileID, err error) {
	ids = map[string]fileID{}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		}
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), "toml") {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		names = append(names, name)
		ids[name] = fileID{}
		if info, err := os.Stat(path); err == nil {
			ids[name] = idOf(info)
		}
		return nil
	})
	return names, ids, err
}

// refresh reads what changed since the last time and says which files it read.
func (s *resourceSet) refresh() (read []string, err error) {
	names, ids, err := findResources(s.dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list the resources in %s: %w", s.dir, err)
	}
	files := make(map[string]*resourceEntry, len(names))
	for _, name := range names {
		if old := s.files[name]; old != nil && old.id == ids[name] && old.id != (fileID{}) {
			files[name] = old
			continue
		}
		entry := &resourceEntry{id: ids[name]}
		entry.res, entry.err = readResource(s.dir, name)
		files[name] = entry
		read = append(read, name)
	}
	s.files, s.order = files, names
	return read, nil
}

func readResource(dir, name string) (*resource, error) {
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxResourceFile:
		return nil, fmt.Errorf("larger than %d bytes", maxResourceFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseResource(name, text)
}

// active are the resources to apply, in order. Of several that write the same file only the last counts, as that is
// whose content stayed until now; shadowed names the others and their successor.
func (s *resourceSet) active() (list []*resource, shadowed map[string]string) {
	last := map[string]string{}
	for _, name := range s.order {
		if e := s.files[name]; e.err == nil {
			if before, twice := last[e.res.dest]; twice {
				if shadowed == nil {
					shadowed = map[string]string{}
				}
				shadowed[before] = name
			}
			last[e.res.dest] = name
		}
	}
	for _, name := range s.order {
		if e := s.files[name]; e.err == nil && shadowed[name] == "" {
			list = append(list, e.res)
		}
	}
	return list, shadowed
}
