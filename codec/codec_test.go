package codec

import (
	"encoding/base64"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"drover/fault"
)

// newKeys makes a key file and reads it.
func newKeys(t *testing.T) (Keys, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "payload.key")
	id, err := Generate(path, false)
	require.NoError(t, err)
	keys, err := ReadKeys(path)
	require.NoError(t, err)
	require.Equal(t, id, keys.Active())
	return keys, path
}

func seal(t *testing.T, keys Keys, value any) *common.Payload {
	t.Helper()
	p, err := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), New(keys)).ToPayload(value)
	require.NoError(t, err)
	return p
}

func open(keys Keys, p *common.Payload) (string, error) {
	var out string
	err := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), New(keys)).FromPayload(p, &out)
	return out, err
}

func TestEncryptsAndDecrypts(t *testing.T) {
	keys, _ := newKeys(t)
	p := seal(t, keys, "hunter2hunter2")
	require.NotContains(t, p.String(), "hunter2")
	require.NotContains(t, p.String(), "json/plain", "what kind of value it is shows nowhere either")
	require.Equal(t, keys.Active(), string(p.Metadata[metadataKeyID]))
	require.NotEqual(t, p.Data, seal(t, keys, "hunter2hunter2").Data, "equal values look different")
	out, err := open(keys, p)
	require.NoError(t, err)
	require.Equal(t, "hunter2hunter2", out)

	// Changed, cut, or moved below the name of another key: refused.
	for name, change := range map[string]func(*common.Payload){
		"changed": func(p *common.Payload) { p.Data[len(p.Data)-1] ^= 1 },
		"cut":     func(p *common.Payload) { p.Data = p.Data[:5] },
	} {
		bad := seal(t, keys, "hunter2")
		change(bad)
		_, err := open(keys, bad)
		require.Error(t, err, name)
	}
}

func TestWithoutKeyEverythingPassesButTheEncrypted(t *testing.T) {
	keys, _ := newKeys(t)
	p := seal(t, Keys{}, "clear")
	require.Equal(t, `"clear"`, string(p.Data))
	out, err := open(keys, p)
	require.NoError(t, err, "operations from before the key continue")
	require.Equal(t, "clear", out)

	_, err = open(Keys{}, seal(t, keys, "x"))
	require.Equal(t, fault.Unauthorized, fault.As(err).Type)
	require.ErrorContains(t, err, keys.Active())
	require.ErrorContains(t, err, "DROVER_PAYLOAD_KEY")
}

func TestRotation(t *testing.T) {
	old, path := newKeys(t)
	before := seal(t, old, "before")
	id, err := Generate(path, true)
	require.NoError(t, err)
	keys, err := ReadKeys(path)
	require.NoError(t, err)
	require.Equal(t, []string{id, old.Active()}, keys.IDs())
	out, err := open(keys, before)
	require.NoError(t, err)
	require.Equal(t, "before", out)
	_, err = open(old, seal(t, keys, "after"))
	require.ErrorContains(t, err, id)
	require.ErrorContains(t, err, old.Active())
}

func TestKeyFiles(t *testing.T) {
	keys, path := newKeys(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	_, err = Generate(path, false)
	require.Equal(t, fault.Conflict, fault.As(err).Type, "a key is never written over")
	again, err := ReadKeys(path)
	require.NoError(t, err)
	require.Equal(t, keys.IDs(), again.IDs())

	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620, 0o660} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = ReadKeys(path)
		require.ErrorContains(t, err, "is readable by other users", mode)
		require.ErrorContains(t, err, "chmod 600")
	}

	for name, text := range map[string]string{
		"short":     base64.StdEncoding.EncodeToString([]byte("sixteen bytes ok")),
		"no base64": "correct horse battery staple",
		"empty":     "\n# only words\n",
	} {
		file := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := ReadKeys(file)
		require.Equal(t, fault.Invalid, fault.As(err).Type, name)
		require.NotContains(t, err.Error(), "horse", "an error does not repeat what may be a key")
	}
	_, err = ReadKeys(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "drover keygen")
	none, err := ReadKeys("")
	require.NoError(t, err)
	require.Empty(t, none.Active())
}

func TestAgree(t *testing.T) {
	a, path := newKeys(t)
	b, _ := newKeys(t)
	_, err := Generate(path, true)
	require.NoError(t, err)
	rotated, err := ReadKeys(path)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		ours    Keys
		workers []string
		want    string // "" for agreement
	}{
		"no keys":                 {Keys{}, []string{Identity(Keys{})}, ""},
		"the same":                {a, []string{Identity(a)}, ""},
		"client without":          {Keys{}, []string{Identity(a)}, "no key is configured"},
		"worker without":          {a, []string{Identity(Keys{})}, "the workers have no payload key"},
		"another":                 {a, []string{Identity(b)}, "the payload keys differ"},
		"worker rotated already":  {a, []string{Identity(rotated)}, "the payload keys differ"},
		"client rotated already":  {rotated, []string{Identity(a)}, "the payload keys differ"},
		"an old worker is listed": {a, []string{Identity(Keys{}), Identity(a)}, ""},
		"no worker":               {a, nil, ""},
		"older, with a key here":  {a, []string{"7@host@"}, "the workers have no payload key"},
		"older, without a key":    {Keys{}, []string{"7@host@"}, ""},
	} {
		err := Agree(c.ours, c.workers)
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "nothing was sent", name)
	}
}

func TestHandlerAnswersItsOwnPagesOnly(t *testing.T) {
	keys, path := newKeys(t)
	handler := Handler(keys, []string{"http://localhost:8233"})
	ask := func(method, url, origin, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, url, strings.NewReader(body))
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	w := ask(http.MethodOptions, "/decode", "http://localhost:8233", "")
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Equal(t, "http://localhost:8233", w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.StatusForbidden, ask(http.MethodOptions, "/decode", "http://evil.example", "").Code)
	require.Equal(t, http.StatusForbidden, ask(http.MethodPost, "/decode", "http://evil.example", "{}").Code)
	require.Equal(t, http.StatusNotFound, ask(http.MethodGet, "/decode", "", "").Code)
	require.Equal(t, http.StatusBadRequest, ask(http.MethodPost, "/decode", "", "no json").Code)

	// The SDK's own client understands what is served.
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	remote := converter.NewRemoteDataConverter(converter.GetDefaultDataConverter(), converter.RemoteDataConverterOptions{Endpoint: server.URL})
	var out string
	require.NoError(t, remote.FromPayload(seal(t, keys, "over http"), &out))
	require.Equal(t, "over http", out)
	p, err := remote.ToPayload("and back")
	require.NoError(t, err)
	out, err = open(keys, p)
	require.NoError(t, err)
	require.Equal(t, "and back", out)

	key, err := os.ReadFile(path)
	require.NoError(t, err)
	secret := strings.Fields(string(key))[5]
	require.Len(t, secret, 44)
	body := ask(http.MethodPost, "/encode", "", `{"payloads":[{"data":"eA=="}]}`)
	require.Equal(t, http.StatusOK, body.Code)
	require.NotContains(t, body.Body.String(), secret)
}
