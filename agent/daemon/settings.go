package daemon

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"drover/agent/api"
	"drover/fault"
)

// LoadConfig reads the agent's settings and names everything that is wrong with them.
func LoadConfig(path string) (api.Config, error) {
	var c api.Config
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fault.Wrap(err, fault.Invalid, "read the agent's settings")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&c); err != nil {
		return c, fault.Wrap(err, fault.Invalid, "settings file %s", path)
	}
	var problems []string
	for name, value := range map[string]string{"cluster_id": c.ClusterID, "node_id": c.NodeID, "instance_id": c.InstanceID} {
		if value == "" || strings.ContainsAny(value, "/ \n") {
			problems = append(problems, fmt.Sprintf("%s %q is not an id", name, value))
		}
	}
	if u, err := url.Parse(c.Consul); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, "consul is not an address of the form http://host:port")
	}
	if len(problems) > 0 {
		f := fault.New(fault.Invalid, "settings file %s: %s", path, strings.Join(problems, "; "))
		f.Problems = problems
		return c, f
	}
	return c, nil
}

// saveConfig replaces the settings file; it holds the Consul token, so only root can read it.
func saveConfig(path string, c api.Config) error {
	data, err := json.Marshal(c) // one line, as remote writes and compares it
	if err != nil {
		return err
	}
	return replaceFile(path, append(data, '\n'))
}

// replaceFile writes a file of mode 0600 completely or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// ProgramStamp identifies the contents of a program file; a replaced file has another one.
func ProgramStamp(path string) string {
	st, err := os.Stat(path)
	if err != nil {
		return "?"
	}
	return fmt.Sprint(st.Size(), st.ModTime().UnixNano())
}

// Fingerprint identifies a program file (by its stamp) and settings, without telling the token.
func Fingerprint(stamp string, c api.Config) string {
	h := sha256.New()
	fmt.Fprintln(h, stamp)
	json.NewEncoder(h).Encode(c)
	return hex.EncodeToString(h.Sum(nil))[:16]
}
