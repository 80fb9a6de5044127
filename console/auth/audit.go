package auth

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"sync"

	wire "drover/console/api"
	"drover/fault"
)

// Audit is the list of who did what: a file with one JSON object a line, which is only ever appended to.
type Audit struct {
	mu   sync.Mutex
	file *os.File
}

// OpenAudit opens or creates the list.
func OpenAudit(path string) (*Audit, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the audit list cannot be opened")
	}
	return &Audit{file: f}, nil
}

// Add appends an entry.
func (a *Audit) Add(e wire.Audit) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err = a.file.Write(append(line, '\n'))
	return err
}

// Page is a page of the entries of a cluster and a user ("": all), newest first.
func (a *Audit) Page(cluster, user, cursor string, limit int) (wire.Page[wire.Audit], error) {
	page := wire.Page[wire.Audit]{Items: []wire.Audit{}}
	skip, err := Offset(cursor)
	if err != nil {
		return page, err
	}
	f, err := os.Open(a.file.Name())
	if err != nil {
		return page, fault.Wrap(err, fault.Internal, "the audit list cannot be read")
	}
	defer f.Close()
	var all []wire.Audit
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e wire.Audit
		if json.Unmarshal(lines.Bytes(), &e) != nil || cluster != "" && e.Cluster != cluster || user != "" && e.User != user {
			continue // a line that a crash cut off is not an entry
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil {
		return page, fault.Wrap(err, fault.Internal, "the audit list cannot be read")
	}
	page.Total = len(all)
	for i := len(all) - 1 - skip; i >= 0 && len(page.Items) < limit; i-- {
		page.Items = append(page.Items, all[i])
	}
	if end := skip + len(page.Items); end < len(all) {
		page.Next = strconv.Itoa(end)
	}
	return page, nil
}

// Offset reads the cursor of a page.
func Offset(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 0 {
		return 0, fault.New(fault.Invalid, "cursor: %q is not one that a page gave", cursor)
	}
	return n, nil
}
