package reader

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"drover/fault"
	"drover/metadata/pack"
)

// beatWithin is how long one report may take: the next one is due soon.
const beatWithin = 5 * time.Second

// verb is one operation of a transaction.
type verb struct {
	KV struct {
		Verb  string
		Key   string
		Value []byte `json:",omitempty"`
	}
}

// Beat reports the state of a node, if its cluster still has metadata: a report that arrives late leaves nothing behind of a
// cluster that is gone. NotFound: it has none.
func (r *Reader) Beat(ctx context.Context, clusterID, nodeID string, b pack.Beat) error {
	value, err := json.Marshal(b)
	if err != nil {
		return fault.Wrap(err, fault.Internal, "report of node %s", nodeID)
	}
	var known, report verb
	known.KV.Verb, known.KV.Key = "get", r.key(clusterID, pack.RevisionKey)
	report.KV.Verb, report.KV.Key, report.KV.Value = "set", r.prefix+"/"+pack.BeatsKey+"/"+clusterID+"/"+nodeID, value
	body, err := json.Marshal([]verb{known, report})
	if err != nil {
		return fault.Wrap(err, fault.Internal, "report of node %s", nodeID)
	}
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, r.addr+"/v1/txn", bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "Consul address %q", r.addr)
	}
	if r.token != "" {
		req.Header.Set("X-Consul-Token", r.token)
	}
	res, err := r.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fault.Wrap(err, fault.Unreachable, "write %s to Consul at %s", report.KV.Key, r.addr)
	}
	defer res.Body.Close()
	said, err := readBody(res)
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unreachable, "write %s to Consul at %s", report.KV.Key, r.addr)
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusConflict && !bytes.Contains(said, []byte("Permission denied")):
		return fault.New(fault.NotFound, "no metadata is published for cluster %s", clusterID)
	case res.StatusCode == http.StatusConflict:
		res.StatusCode = http.StatusForbidden
	}
	return r.refused("write "+report.KV.Key, res.StatusCode, said)
}
