package specs

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/fault"
)

// tending is a package with a service whose parameters come from items of other names, from literals and from nothing.
func tending(t *testing.T) *Package {
	t.Helper()
	return packageOf(t, `{"properties": [{"key": "service_params", "properties": [
		{"key": "gardener", "properties": [
			{"key": "dry.days", "type": "integer", "default": 7, "min": 1, "max": 30, "required": "yes"},
			{"key": "code", "type": "password", "required": "yes", "pattern": "^.{4,}$"},
			{"key": "zone", "type": "string", "required": "no"},
			{"key": "depth", "type": "number", "required": "no"}
		]}
	]}]}`, `{"nodes": [{"count": 1, `+role+`, "services": {
		"Water It": {"type": "custom", "cmd": "water", "service_params": {
			"timeout": {{service_params.gardener.dry.days}}, "cmd": {{service_params.gardener.code}}, "node.ip": {{service_params.gardener.zone}},
			"depth": {{service_params.gardener.depth}}, "tries": 3, "gently": true, "tools": ["can"]
		}},
		"again": {"type": "custom", "cmd": "again", "service_params": {{#service_params.gardener}}{"days": {{dry.days}}}{{/service_params.gardener}}},
		"plain": {"type": "custom", "cmd": "plain"},
		"odd": {"type": "custom", "cmd": "odd", "service_params": ["a"]}
	}}]}`)
}

func service(t *testing.T, p *Package, name string, values map[string]any) Service {
	t.Helper()
	c, _, err := p.Render(t.Context(), values)
	require.NoError(t, err, "a parameter that is required and has no default is not asked for at creation")
	// As the control record gives it back.
	text, err := json.Marshal(c.Roles[0].Services[name])
	require.NoError(t, err)
	var s Service
	require.NoError(t, json.Unmarshal(text, &s))
	return s
}

func TestServiceParamsAreTheServicesOwnNames(t *testing.T) {
	t.Parallel()
	p := tending(t)
	require.Equal(t, []string{"timeout", "cmd", "node.ip", "depth", "tries", "gently", "tools"}, service(t, p, "Water It", nil).Params())
	require.Nil(t, service(t, p, "plain", nil).Params())
	require.Nil(t, service(t, p, "odd", nil).Params())
}

func TestServiceParamsFillDefaultsAndTypes(t *testing.T) {
	t.Parallel()
	p := tending(t)
	for name, tt := range map[string]struct {
		service       string
		created, with map[string]any
		want          string
	}{
		"defaults":                 {"Water It", nil, map[string]any{"cmd": "1234"}, `{"timeout":7,"cmd":"1234","node.ip":"","tries":3,"gently":true,"tools":["can"]}`},
		"text becomes the type":    {"Water It", nil, map[string]any{"cmd": "1234", "timeout": "9", "depth": "0.5", "tries": "4", "gently": "false", "tools": "a,b"}, `{"timeout":9,"cmd":"1234","node.ip":"","depth":0.5,"tries":4,"gently":false,"tools":["a","b"]}`},
		"null is not given":        {"Water It", nil, map[string]any{"cmd": "1234", "timeout": nil}, `{"timeout":7,"cmd":"1234","node.ip":"","tries":3,"gently":true,"tools":["can"]}`},
		"as created":               {"Water It", map[string]any{"service_params.gardener.dry.days": 12, "service_params.gardener.code": "abcd"}, nil, `{"timeout":12,"cmd":"abcd","node.ip":"","tries":3,"gently":true,"tools":["can"]}`},
		"item named in a section":  {"again", nil, map[string]any{"days": "30"}, `{"days":30}`},
		"a service without any":    {"plain", nil, nil, `{}`},
		"a service with odd ones":  {"odd", nil, nil, `{}`},
		"given beyond the default": {"again", nil, map[string]any{"days": 1}, `{"days":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.ServiceParams(service(t, p, tt.service, tt.created), tt.with)
			require.True(t, err == nil, "%v", err)
			text, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, tt.want, string(text))
		})
	}
}

func TestServiceParamsSayAllThatIsWrong(t *testing.T) {
	t.Parallel()
	p := tending(t)
	for name, tt := range map[string]struct {
		service string
		with    map[string]any
		want    []string
	}{
		"many": {"Water It", map[string]any{"timeout": 31, "cmd": "abc", "dry.days": 1, "tries": "x", "code": "1234"}, []string{
			"cmd: value (hidden) is not allowed: it must match the pattern ^.{4,}$",
			`code: service "Water It" has no such parameter; it has timeout, cmd, node.ip, depth, tries, gently, tools`,
			`dry.days: service "Water It" has no such parameter; it has timeout, cmd, node.ip, depth, tries, gently, tools`,
			"timeout: value 31 is not allowed: it must be from 1 to 30",
			`tries: value "x" is not a number; allowed: number`,
		}},
		"missing":     {"Water It", nil, []string{"cmd: required, no value given and no default; allowed: password, matching ^.{4,}$"}},
		"without any": {"plain", map[string]any{"x": 1}, []string{`x: service "plain" has no such parameter; it has none`}},
		"section":     {"again", map[string]any{"days": 99}, []string{"days: value 99 is not allowed: it must be from 1 to 30"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := p.ServiceParams(service(t, p, tt.service, nil), tt.with)
			require.Nil(t, got)
			require.True(t, fault.Is(err, fault.Invalid))
			var problems *Problems
			require.ErrorAs(t, err, &problems)
			require.Equal(t, tt.want, messages(problems.Diagnostics))
		})
	}
}

func TestPasswordParametersAreWarnedOf(t *testing.T) {
	t.Parallel()
	_, diags, err := tending(t).Render(t.Context(), nil)
	require.NoError(t, err)
	var found []string
	for _, d := range diags {
		if strings.Contains(d.Message, "is a password, and reaches the command") {
			found = append(found, d.Message)
		}
	}
	require.Len(t, found, 1)
}
