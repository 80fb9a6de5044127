package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// nothingLeft looks for any trace of the cluster.
func (d *demo) nothingLeft(ctx context.Context) error {
	say("Look for anything that is left")
	machines, err := d.stack.Machines()
	if err != nil {
		return err
	}
	left, err := machines.Leftovers(ctx)
	if err != nil {
		return err
	}
	for _, prefix := range []string{"drover/clusters/", "drover/state/"} {
		keys, err := d.consulKeys(ctx, prefix)
		if err != nil {
			return err
		}
		for _, key := range keys {
			left = append(left, "Consul key "+key)
		}
	}
	if len(left) > 0 {
		return errors.New("the cluster is deleted and this is left:\n  " + strings.Join(left, "\n  "))
	}
	fmt.Println("  no process, no mount, no cgroup, no folder, no address, no key in Consul")
	return nil
}

func (d *demo) consulKeys(ctx context.Context, prefix string) ([]string, error) {
	url := d.stack.ConsulURL + "/v1/kv/" + prefix + "?keys"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNotFound: // Consul's word for "no such keys"
		return nil, nil
	case http.StatusOK:
		var keys []string
		return keys, json.NewDecoder(res.Body).Decode(&keys)
	}
	return nil, fmt.Errorf("GET %s: %s", url, res.Status)
}
