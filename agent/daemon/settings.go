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
	"drover/durable"
	"drover/fault"
)

// LoadConfig reads the agent's settings and names everything that is wrong with them.
func LoadConfig(path string) (api.Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return api.Config{}, fault.Wrap(err, fault.Invalid, "read the agent's settings")
	}
	return parseConfig(path, data)
}

// ReplaceConfig makes the settings file hold data, if that is settings without fault and not there already.
func ReplaceConfig(path string, data []byte) error {
	if _, err := parseConfig(path, data); err != nil {
		return err
	}
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = durable.Replace(path, data, 0o600)
	}
	if err != nil {
		return fault.Wrap(err, fault.Internal, "write the agent's settings")
	}
	return nil
}

func parseConfig(path string, data []byte) (api.Config, error) {
	var c api.Config
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
	data, err := json.Marshal(c) // one line, as remote sends it
	if err != nil {
		return err
	}
	return durable.Replace(path, append(data, '\n'), 0o600)
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
