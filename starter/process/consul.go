package process

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Consul is what differs between Consul servers.
type Consul struct {
	Path string // the program
	Dir  string // for its settings and, unless Memory is set, its data
	// Memory keeps no data.
	Memory bool
	Port   int // of HTTP; 0 is any free one
	// Token turns ACLs on, with nothing allowed by default: this token (a UUID) may do everything.
	Token string
	// More is further configuration, in HCL.
	More string
	// Address is another address of this machine to answer at; "" for none.
	Address string
	UI      bool
}

// Server prepares the server, and gives its URL. Every local node is a client from the same address, so the limit of
// connections per client is raised.
func (c Consul) Server() (_ *Process, url string, _ error) {
	ports, err := FreePorts(c.Port, 0, 0)
	if err != nil {
		return nil, "", err
	}
	hcl := fmt.Sprintf(`
ports { http = %d, server = %d, serf_lan = %d, serf_wan = -1, dns = -1, grpc = -1, grpc_tls = -1 }
limits { http_max_conns_per_client = 4096 }
performance { raft_multiplier = 1 }
ui_config { enabled = %t }
%s`, ports[0], ports[1], ports[2], c.UI, c.More)
	if c.Token != "" {
		hcl += fmt.Sprintf("\nacl { enabled = true, default_policy = %q, tokens { initial_management = %q } }", "deny", c.Token)
	}
	settings := filepath.Join(c.Dir, "consul.hcl") // a file: a token must not be an argument of a process
	if err := os.WriteFile(settings, []byte(hcl), 0o600); err != nil {
		return nil, "", err
	}
	args := []string{
		"agent", "-bind=127.0.0.1", "-log-level=warn", "-client=" + strings.TrimSpace("127.0.0.1 "+c.Address),
		fmt.Sprintf("-node=node-%d", ports[0]), "-config-file", settings,
	}
	if c.Memory {
		args = append(args, "-dev")
	} else {
		args = append(args, "-server", "-bootstrap-expect=1", "-data-dir="+filepath.Join(c.Dir, "consul"))
	}
	url = fmt.Sprintf("http://127.0.0.1:%d", ports[0])
	return &Process{
		Name: "consul", Path: c.Path, Args: args, Env: []string{"CONSUL_HTTP_ADDR="}, Address: url,
		Ready: func(ctx context.Context) error { return c.writable(ctx, url) },
	}, url, nil
}

// writable writes a key: a write needs a leader, a read does not.
func (c Consul) writable(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/v1/kv/drover/ready", http.NoBody)
	if err != nil {
		return err
	}
	if c.Token != "" {
		req.Header.Set("X-Consul-Token", c.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusForbidden && c.Token == "" {
		return nil // More turned ACLs on
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("consul answers %s: %s", res.Status, body)
	}
	return nil
}
