package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tune changes a parameter that etcd reads only when it starts, so that its agents have to restart it.
func (d *demo) tune(ctx context.Context) error {
	const mebibytes = 1024
	say("Change a parameter while a client writes: the agents rewrite etcd's configuration and restart it, one by one")
	before, err := d.ages(ctx)
	if err != nil {
		return err
	}
	err = d.whileWriting(ctx, func() error {
		return d.must(ctx, d.drover, "env", "set", cluster, fmt.Sprintf("quota_backend_bytes_mib=%d", mebibytes))
	})
	if err != nil {
		return err
	}
	after, err := d.ages(ctx)
	if err != nil {
		return err
	}
	for i, n := range d.nodes {
		line := fmt.Sprintf("ETCD_QUOTA_BACKEND_BYTES=%d", mebibytes<<20)
		settings, err := os.ReadFile(filepath.Join(d.stack.StateDir, "nodes", n.InstanceID, "root", "etc", "etcd", "settings"))
		switch {
		case err != nil:
			return err
		case !strings.Contains(string(settings), line+"\n"):
			return fmt.Errorf("/etc/etcd/settings of %s does not say %s", n.NodeID, line)
		case after[i].quota != mebibytes<<20:
			return fmt.Errorf("etcd on %s runs with a quota of %d bytes, not %d MiB", n.NodeID, after[i].quota, mebibytes)
		case !after[i].began.After(before[i].began):
			return fmt.Errorf("etcd on %s was not restarted", n.NodeID)
		}
		fmt.Printf("  %s: /etc/etcd/settings says %s; etcd restarted at %s\n", n.NodeID, line, after[i].began.UTC().Format("15:04:05.0"))
	}
	return d.check(ctx, 3, "3.6")
}

// age is what a running etcd says about itself.
type age struct {
	began time.Time
	quota int64
}

func (d *demo) ages(ctx context.Context) ([]age, error) {
	var all []age
	for _, endpoint := range d.endpoints() {
		a, err := ageOf(ctx, endpoint)
		if err != nil {
			return nil, fmt.Errorf("%s/metrics: %w", endpoint, err)
		}
		all = append(all, a)
	}
	return all, nil
}

func ageOf(ctx context.Context, endpoint string) (a age, _ error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/metrics", http.NoBody)
	if err != nil {
		return a, err
	}
	res, err := client.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if name != "process_start_time_seconds" && name != "etcd_server_quota_backend_bytes" {
			continue
		}
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return a, err
		}
		if name == "process_start_time_seconds" {
			a.began = time.UnixMilli(int64(number * 1000))
		} else {
			a.quota = int64(number)
		}
	}
	if err := lines.Err(); err != nil {
		return a, err
	}
	if a.began.IsZero() || a.quota == 0 {
		return a, errors.New("neither start time nor quota is told")
	}
	return a, nil
}
