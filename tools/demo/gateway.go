package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// The demo's own client speaks HTTP with etcd: a process per write would be too slow to notice short interruptions.
var client = &http.Client{Timeout: writeWithin}

// put stores a key by way of one member.
func put(ctx context.Context, endpoint, key, value string) error {
	return post(ctx, endpoint+"/v3/kv/put", map[string][]byte{"key": []byte(key), "value": []byte(value)}, nil)
}

// get gives the keys from one (included) to another (not included) as one member sees them after asking the others.
func get(ctx context.Context, endpoint, from, to string) (map[string]string, error) {
	var answer struct {
		Pairs []struct {
			Key   []byte `json:"key"`
			Value []byte `json:"value"`
		} `json:"kvs"`
	}
	if err := post(ctx, endpoint+"/v3/kv/range", map[string][]byte{"key": []byte(from), "range_end": []byte(to)}, &answer); err != nil {
		return nil, err
	}
	pairs := make(map[string]string, len(answer.Pairs))
	for _, p := range answer.Pairs {
		pairs[string(p.Key)] = string(p.Value)
	}
	return pairs, nil
}

func post(ctx context.Context, url string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("POST %s: %w", url, err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("POST %s: %s: %s", url, res.Status, bytes.TrimSpace(text))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
