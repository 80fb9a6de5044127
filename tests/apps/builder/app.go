package builder

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"drover/specs"
)

// App is an application package. Its methods change it and return it.
type App struct {
	cluster Object
	roles   []Role
	items   map[string][]Object // by group
	texts   map[string]string
}

// New is an application whose clusters have a name.
func New(name string, roles ...Role) *App {
	return &App{cluster: Object{"name": name, "vxnet": "net"}, roles: roles, items: map[string][]Object{}, texts: map[string]string{}}
}

// Roles replaces the roles.
func (a *App) Roles(roles ...Role) *App {
	a.roles = roles
	return a
}

// Set sets a key of cluster.json. Strings "<group.item>" become placeholders.
func (a *App) Set(key string, value any) *App {
	a.cluster[key] = value
	return a
}

// With sets several keys of cluster.json.
func (a *App) With(keys Object) *App {
	maps.Copy(a.cluster, keys)
	return a
}

// Scalable lets clusters grow and shrink.
func (a *App) Scalable() *App { return a.Set("advanced_actions", []string{"scale_horizontal"}) }

// UpgradesFrom are the versions from which a cluster can be upgraded to this one.
func (a *App) UpgradesFrom(versions ...string) *App { return a.Set("upgrade_policy", versions) }

// Items adds items to a group of config.json: cluster, env, service_params, ....
func (a *App) Items(group string, items ...Object) *App {
	a.items[group] = append(a.items[group], items...)
	return a
}

// Item is an item of config.json that users need not set; attributes are as those of Role.Runs.
func Item(key, kind string, byDefault any, attributes ...string) Object {
	item := Object{"key": key, "type": kind, "default": byDefault, "required": "no"}
	for _, word := range attributes {
		name, value := attribute(word)
		item[name] = value
	}
	return item
}

// Required is an item without default that users must set.
func Required(key, kind string, attributes ...string) Object {
	item := Item(key, kind, nil, append(attributes, "required=yes")...)
	delete(item, "default")
	return item
}

// Text sets an English text, such as err_code77.
func (a *App) Text(key, text string) *App {
	a.texts[key] = text
	return a
}

// Config is config.json.
func (a *App) Config() string {
	groups := []Object{}
	for _, group := range []string{"cluster", "env"} { // every package has these
		groups = append(groups, Object{"key": group, "type": "array", "properties": append([]Object{}, a.items[group]...)})
	}
	for group, items := range a.items {
		if group != "cluster" && group != "env" {
			groups = append(groups, Object{"key": group, "type": "array", "properties": items})
		}
	}
	return text(Object{"type": "array", "properties": groups})
}

// Template is cluster.json.mustache.
func (a *App) Template() string {
	cluster := maps.Clone(a.cluster)
	nodes := []Object{}
	for _, r := range a.roles {
		nodes = append(nodes, r.fields)
	}
	cluster["nodes"] = nodes
	return strings.NewReplacer(`"<`, "{{", `>"`, "}}").Replace(text(cluster))
}

func text(o Object) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(o); err != nil {
		panic(err) // a value that is not JSON: a mistake of the test
	}
	return b.String()
}

// Write writes the package into a folder, which is made when absent.
func (a *App) Write(dir string) error {
	files := map[string]string{specs.ConfigFile: a.Config(), specs.TemplateFile: a.Template()}
	if len(a.texts) > 0 {
		all := Object{}
		for key, value := range a.texts {
			all[key] = value
		}
		files["locale/en.json"] = text(all)
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Archive is the package as it is published.
func (a *App) Archive() ([]byte, error) {
	dir, err := os.MkdirTemp("", "drover-app-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := a.Write(dir); err != nil {
		return nil, err
	}
	p, err := specs.Open(dir)
	if err != nil {
		return nil, err
	}
	return p.Archive()
}
