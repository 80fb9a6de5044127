package endtoend

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"drover/tests/apps/consoles"
	"drover/workflows/api"
)

var creates = flag.Int("creates", 4, "clusters that TestCreatesHappenOnce creates, each ten times")

// Creations are sent ten times each under their keys while console, worker and Temporal are killed: each answer names the same
// operation, and there are as many clusters as keys. This test restarts shared servers, so it does not run beside others.
func TestCreatesHappenOnce(t *testing.T) {
	app := publish(t, 1, map[string]string{"start": "true"})
	site := consoles.Start(t, servers)
	token := site.Token(t, "once", "operator")
	body := fmt.Sprintf(`{"input": {"app": %q}}`, app)

	var sending sync.WaitGroup
	answers := make([][10]string, *creates)
	slots := make(chan struct{}, 40)
	deadline := time.Now().Add(2*time.Minute + time.Duration(*creates)*2*time.Second)
	for i := range answers {
		for j := range answers[i] {
			slots <- struct{}{}
			sending.Go(func() {
				defer func() { <-slots }()
				answers[i][j] = create(site.URL, token, fmt.Sprintf("once-%d", i), body, deadline)
			})
		}
		if i == *creates/4 {
			require.NoError(t, servers.KillConsole())
			require.NoError(t, servers.StartConsole(t.Context()))
		}
		if i == *creates/2 {
			require.NoError(t, servers.KillServer("temporal"))
			require.NoError(t, servers.StartServer(t.Context(), "temporal"))
		}
		if i == *creates*3/4 {
			require.NoError(t, servers.KillWorker())
			require.NoError(t, servers.StartWorker(t.Context()))
		}
	}
	sending.Wait()

	ids := map[string]bool{}
	for i, same := range answers {
		require.Regexp(t, `^cl-`, same[0], "creation %d", i)
		for j, id := range same {
			require.Equal(t, same[0], id, "creation %d, request %d", i, j)
		}
		ids[same[0]] = true
	}
	require.Len(t, ids, *creates)
	var list struct{ Items []api.ClusterView }
	eventually(t, "all clusters are active", func() bool {
		list.Items = nil
		drover(t, "list", "--app", app, "-o", "json").OK(t).JSON(t, &list)
		active := 0
		for _, c := range list.Items {
			if c.State == "active" {
				active++
			}
		}
		return active == *creates
	})
	require.Len(t, list.Items, *creates)
	for _, c := range list.Items {
		drover(t, "delete", c.ClusterID, "--yes", "--no-wait").OK(t)
	}
	for _, c := range list.Items {
		drover(t, "watch", c.ClusterID).OK(t)
	}
}

// create sends one request until it is answered, and returns the operation's id, or why there is none.
func create(url, token, key, body string, deadline time.Time) string {
	why := ""
	for ; time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequest(http.MethodPost, url+"/v1/clusters", bytes.NewBufferString(body))
		if err != nil {
			return err.Error()
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			why = err.Error()
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		var op struct {
			ID string `json:"id"`
		}
		if err == nil && answer.StatusCode == http.StatusAccepted && json.Unmarshal(text, &op) == nil {
			return op.ID
		}
		if why = answer.Status + ": " + string(text); answer.StatusCode < 500 {
			return why
		}
	}
	return "no answer: " + why
}
