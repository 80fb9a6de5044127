package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"drover/agent/api"
	"drover/fault"

	"github.com/stretchr/testify/require"
)

// A request is understood as a whole or refused as invalid, never anything else.
func FuzzDecode(f *testing.F) {
	f.Add(`{"cmd":"true","timeout_sec":1,"env":["A=b"]}`, "3")
	f.Add(`{"cmd":1} {}`, "-1")
	f.Add("", "1e3")
	f.Add(`{"cmd":"a"`, "99999999999999999999")
	f.Fuzz(func(t *testing.T, body, wait string) {
		r := httptest.NewRequest(http.MethodPut, "/commands/a", strings.NewReader(body))
		var c api.Command
		if err := decode(httptest.NewRecorder(), r, &c); err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
		}
		q := r.URL.Query()
		q.Set("wait", wait)
		r.URL.RawQuery = q.Encode()
		limit, err := waitOf(r)
		if err != nil {
			require.True(t, fault.Is(err, fault.Invalid), "%v", err)
		}
		require.True(t, limit >= 0 && limit <= maxWait)
	})
}
