package console

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"drover/tests/apps/consoles"
)

// Log-in with a provider, at another site than the console, by the example of the documentation.
func TestOIDC(t *testing.T) {
	chromium, s := browser(t), servers(t)
	url := strings.Replace(consoles.Start(t, s).URL, "127.0.0.1", "localhost", 1)
	provider, err := mockoidc.Run() // at 127.0.0.1
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, provider.Shutdown()) })

	example, err := os.ReadFile("../../../docs/oidc.example.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	config := strings.NewReplacer(
		"https://login.example.org/realms/ops", provider.Issuer(), "client_id: drover-console", "client_id: "+provider.ClientID, "https://drover.example.org", url,
	).Replace(string(example))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidc.yaml"), []byte(config), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "oidc-secret"), []byte(provider.ClientSecret), 0o600))
	require.NoError(t, s.KillConsole())
	s.ConsoleFlags = []string{"--oidc", filepath.Join(dir, "oidc.yaml")}
	require.NoError(t, s.StartConsole(t.Context()))
	t.Cleanup(func() {
		s.ConsoleFlags = nil
		require.NoError(t, s.KillConsole())
		require.NoError(t, s.StartConsole(context.WithoutCancel(t.Context())))
	})

	// The provider logs these in, one after the other.
	provider.QueueUser(&mockoidc.MockUser{Subject: "ann", Email: "ann@example.org", EmailVerified: true, Groups: []string{"everyone", "drover-admins"}})
	provider.QueueUser(&mockoidc.MockUser{Subject: "mallory", Email: "mallory@example.org", EmailVerified: true})
	journey(t, "e2e/oidc.journey.ts", chromium, "DROVER_E2E_URL="+url)
}
