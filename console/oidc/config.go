package oidc

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	wire "drover/console/api"
	"drover/fault"
)

// Config is the configuration file; docs/oidc.example.yaml explains it.
type Config struct {
	Issuer           string        `yaml:"issuer"`
	ClientID         string        `yaml:"client_id"`
	ClientSecretFile string        `yaml:"client_secret_file"`
	URL              string        `yaml:"url"`
	Name             string        `yaml:"name"`
	Scopes           []string      `yaml:"scopes"`
	User             string        `yaml:"user"`
	Session          time.Duration `yaml:"session"`
	Roles            []Rule        `yaml:"roles"`

	secret string
}

// Rule gives a role to users with a claim. The first rule that matches counts.
type Rule struct {
	Claim  string            `yaml:"claim"` // "" matches every user of the provider
	Value  string            `yaml:"value"` // of the claim, or one of its list
	Role   string            `yaml:"role"`
	Labels map[string]string `yaml:"labels"` // only clusters with all of these
}

const (
	defaultSession = 8 * time.Hour
	maxSession     = 12 * time.Hour
)

// Read reads a configuration file and the file with the client's secret. All problems are reported at once.
func Read(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read the OpenID Connect configuration")
	}
	c := &Config{Name: "OpenID Connect", User: "email", Session: defaultSession}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	if err := d.Decode(c); err != nil {
		return nil, fault.New(fault.Invalid, "%s: %v", file, err)
	}
	problems := c.problems()
	if c.ClientSecretFile != "" {
		if !filepath.IsAbs(c.ClientSecretFile) {
			c.ClientSecretFile = filepath.Join(filepath.Dir(file), c.ClientSecretFile)
		}
		secret, err := os.ReadFile(c.ClientSecretFile)
		if c.secret = strings.TrimSpace(string(secret)); err == nil && c.secret == "" {
			err = fmt.Errorf("%s is empty", c.ClientSecretFile)
		}
		if err != nil {
			problems = append(problems, "client_secret_file: "+err.Error())
		}
	}
	if len(problems) == 0 {
		return c, nil
	}
	f := fault.New(fault.Invalid, "%s: %s", file, strings.Join(problems, "; "))
	f.Problems = problems
	return nil, f
}

func (c *Config) problems() []string {
	var out []string
	report := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for field, text := range map[string]string{"issuer": c.Issuer, "url": c.URL} {
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local(u.Hostname())) {
			report("%s: %q is not an https address (http is allowed on loopback)", field, text)
		}
	}
	if c.ClientID == "" {
		report("client_id: required")
	}
	if c.User == "" {
		report("user: required, the claim that names a user in the audit list")
	}
	if c.Session < time.Minute || c.Session > maxSession {
		report("session: %s is not a duration from 1m to 12h", c.Session)
	}
	if len(c.Roles) == 0 {
		report("roles: at least one rule is required; without one nobody may log in")
	}
	for i, r := range c.Roles {
		if !slices.Contains([]string{wire.Viewer, wire.Operator, wire.Admin}, r.Role) {
			report("roles[%d].role: %q is not one of viewer, operator, admin", i, r.Role)
		}
		if (r.Claim == "") != (r.Value == "") {
			report("roles[%d]: claim and value belong together; a rule without both matches every user of the provider", i)
		}
	}
	slices.Sort(out)
	return out
}

func local(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// role is what the first matching rule gives; false: none matches.
func (c *Config) role(claims map[string]any) (Rule, bool) {
	for _, r := range c.Roles {
		if r.Claim == "" || holds(claims[r.Claim], r.Value) {
			return r, true
		}
	}
	return Rule{}, false
}

// holds reports whether a claim is the value, or a list that has it.
func holds(claim any, value string) bool {
	switch v := claim.(type) {
	case string:
		return v == value
	case bool:
		return fmt.Sprint(v) == value
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { text, ok := item.(string); return ok && text == value })
	}
	return false
}

// user is the name of who logged in. An address of mail counts only when the provider has verified it: otherwise a user could
// take the name of another.
func (c *Config) user(claims map[string]any) (string, error) {
	name, ok := claims[c.User].(string)
	if !ok || name == "" || len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fault.New(fault.NotAllowed, "the provider gave no usable claim %q", c.User).WithHint("choose another claim as user, or add the scope that gives it")
	}
	if verified, ok := claims["email_verified"].(bool); c.User == "email" && !(ok && verified) {
		return "", fault.New(fault.NotAllowed, "the provider has not verified the address %q", name)
	}
	return name, nil
}
