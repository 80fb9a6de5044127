package confd

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ids are the user and group a resource wants for its file; -1 where it wants none. Numbers win over names. Names
// are read from the local account files when the file is written, since a package's init may add the account later.
func (r *resource) ids(root string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if r.uid != nil {
		uid = *r.uid
	}
	if r.gid != nil {
		gid = *r.gid
	}
	if r.owner != "" && r.uid == nil {
		if uid, err = account(root, "/etc/passwd", r.owner); err != nil {
			return -1, -1, fmt.Errorf("owner: %w", err)
		}
	}
	if r.group != "" && r.gid == nil {
		if gid, err = account(root, "/etc/group", r.group); err != nil {
			return -1, -1, fmt.Errorf("group: %w", err)
		}
	}
	return uid, gid, nil
}

// account finds the number of a name; passwd and group both have it in their third field. A number is itself.
func account(root, database, name string) (int, error) {
	if id, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(id), nil
	}
	file, err := os.Open(filepath.Join(root, database))
	if err != nil {
		return -1, err
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.SplitN(lines.Text(), ":", 4)
		if len(fields) < 4 || fields[0] != name {
			continue
		}
		if id, err := strconv.ParseUint(fields[2], 10, 31); err == nil {
			return int(id), nil
		}
	}
	return -1, fmt.Errorf("%q is not in %s", name, file.Name())
}
