package etcd

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/apps"
	"drover/workflows/api"
)

// call asks the gateway of an etcd for something.
func call(ctx context.Context, address, what string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v3/kv/"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %w: %s", res.Status, err, answer)
	}
	return json.Unmarshal(answer, out)
}

func put(ctx context.Context, address, key, value string) error {
	encode := base64.StdEncoding.EncodeToString
	return call(ctx, address, "put", map[string]string{"key": encode([]byte(key)), "value": encode([]byte(value))}, &struct{}{})
}

// items are the values of the numbered keys, by key, as one member has them.
func items(t *testing.T, address string) map[string]string {
	t.Helper()
	encode := base64.StdEncoding.EncodeToString
	var out struct{ KVs []struct{ Key, Value []byte } }
	ctx, done := context.WithTimeout(t.Context(), 20*time.Second)
	defer done()
	require.NoError(t, call(ctx, address, "range", map[string]string{"key": encode([]byte("item:")), "range_end": encode([]byte("item;"))}, &out))
	all := map[string]string{}
	for _, kv := range out.KVs {
		all[string(kv.Key)] = string(kv.Value)
	}
	return all
}

func item(n int) string { return fmt.Sprintf("item:%06d", n) }

// A backup that is made while a client writes has everything that was acknowledged before; its verification finds keys, revision
// and values again, and finds a byte that was changed.
func TestBackup(t *testing.T) {
	t.Parallel()
	l := apps.Start(t)
	versions := apps.Versions(t, "etcd")
	version := versions[len(versions)-1]
	l.Publish(t, "etcd", version)
	const logs = "/etc/etcd/members /var/lib/etcd/log/*"
	c := l.Create(t, "etcd", logs, "--version", version)
	member := c.Addresses("2379")[0]
	w := apps.Writer{Write: func(ctx context.Context, n int) error { return put(ctx, member, item(n), strconv.Itoa(n)) }}
	w.While(t, func() { time.Sleep(time.Second) })
	before := w.Stored

	var made api.OperationResult
	w.While(t, func() { l.Drover(t, "backup", "create", c.ID, "-o", "json").OK(t).JSON(t, &made) })
	l.Drover(t, "backup", "verify", made.Backup).OK(t)
	l.Drover(t, "backup", "list").OK(t)

	r := l.Choose(t, logs)
	l.Drover(t, "backup", "restore", made.Backup, "--id", r.ID).OK(t)
	for _, address := range r.Addresses("2379") {
		restored := items(t, address)
		for n := range before {
			require.Equal(t, strconv.Itoa(n), restored[item(n)], "acknowledged before the backup began")
		}
	}
	argument := fmt.Sprintf(`'{"snapshot_id":"%s","path":"/var/lib/etcd/nowhere"}'`, made.Backup)
	prints := func() string { return r.On(r.Nodes()[0], "/opt/app/bin/etcd-node verify "+argument) }
	was := prints()
	require.Equal(t, was, prints())
	require.NoError(t, put(t.Context(), r.Addresses("2379")[1], item(0), "1"))
	require.NotEqual(t, was, prints())
	r.Do("delete", "--yes")

	require.NoError(t, put(t.Context(), member, item(0), "changed"))
	l.Drover(t, "backup", "restore", made.Backup, "--in-place", c.ID, "--yes").OK(t)
	for _, address := range c.Addresses("2379") {
		require.Equal(t, "0", items(t, address)[item(0)])
		require.GreaterOrEqual(t, len(items(t, address)), before)
	}
	c.Do("add-nodes", "--count", "2")
	require.Equal(t, "0", items(t, c.Addresses("2379")[4])[item(0)])
	c.Do("delete", "--yes")
	c.Gone()
}
