package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"drover/fault"
)

// providerFile is the configuration file: the providers that the worker serves, and their settings. A provider is served
// when its name is in the file, with or without settings.
type providerFile struct {
	// Default is the provider of clusters that name none; optional when there is one provider.
	Default   string           `yaml:"default"`
	Providers providerSettings `yaml:"providers"`
	Backups   backupSettings   `yaml:"backups"`

	lines map[string]int // the line of each provider
}

// localSettings are the settings of the flags --images, --local-range and --local-sshd. Flags take precedence.
type localSettings struct {
	Images string `yaml:"images"`
	Range  string `yaml:"range"`
	SSHD   string `yaml:"sshd"`
}

// dockerSettings are the settings of the flags --docker-host, --docker-installation, --docker-range and --docker-attach.
type dockerSettings struct {
	Host         string   `yaml:"host"`
	Installation string   `yaml:"installation"`
	Range        string   `yaml:"range"`
	Attach       []string `yaml:"attach"`
}

// servedBy sets the providers without a file: providers that need no settings, of which the first one is the default.
func (c *config) servedBy(names []string) error {
	if len(names) == 0 {
		return fault.New(fault.Invalid, "no provider is named").WithHint("name one, for example: --providers local")
	}
	c.providers = providerFile{Default: names[0]}
	for _, name := range names {
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		if i < 0 {
			return fault.New(fault.Invalid, "--providers: provider %q does not exist", name).WithHint("see docs/providers.md")
		}
		if kinds[i].check != nil {
			return fault.New(fault.Invalid, "--providers: %s needs settings in a configuration file", name).
				WithHint("see docs/drover.example.yaml")
		}
		kinds[i].named(&c.providers.Providers)
	}
	return nil
}

// readProviders reads the file, if there is one.
func (c *config) readProviders(f *pflag.FlagSet) error {
	if c.file == "" {
		return c.servedBy(c.names)
	}
	if f.Changed("providers") {
		return fault.New(fault.Invalid, "--providers and --config are both set, and each names the providers to serve").WithHint("use --config alone")
	}
	text, err := os.ReadFile(c.file)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "configuration file")
	}
	if c.providers, err = parseProviders(c.file, text); err != nil {
		return err
	}
	c.providers.lines = nil
	set := func(flag, value string, to *string) {
		if value != "" && !f.Changed(flag) {
			*to = value
		}
	}
	if l := c.providers.Providers.Local; l != nil {
		set("images", l.Images, &c.imagesDir)
		set("local-range", l.Range, &c.localRange)
		set("local-sshd", l.SSHD, &c.localSSHD)
	}
	if d := c.providers.Providers.Docker; d != nil {
		set("docker-host", d.Host, &c.dockerHost)
		set("docker-installation", d.Installation, &c.dockerInstallation)
		set("docker-range", d.Range, &c.dockerRange)
		if len(d.Attach) > 0 && !f.Changed("docker-attach") {
			c.dockerAttach = d.Attach
		}
	}
	return nil
}

// parseProviders reads the text of the file called name, and reports all problems at once.
func parseProviders(name string, text []byte) (providerFile, error) {
	var file providerFile
	var problems []string
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	err := decoder.Decode(&file)
	var wrong *yaml.TypeError
	switch {
	case errors.As(err, &wrong):
		problems = append(problems, wrong.Errors...)
	case errors.Is(err, io.EOF):
		err = nil
	case err != nil:
		return file, invalidFile(name, []string{strings.TrimPrefix(err.Error(), "yaml: ")})
	}
	var document yaml.Node
	_ = yaml.Unmarshal(text, &document)
	file.lines = file.named(&document)
	names := slices.Sorted(maps.Keys(file.lines))
	switch {
	case len(names) == 0 && err == nil:
		problems = append(problems, "line 1: no provider is named under providers")
	case file.Default == "" && len(names) == 1:
		file.Default = names[0]
	case file.Default == "" && len(names) > 1:
		problems = append(problems, fmt.Sprintf("line 1: default is missing; use one of %s", strings.Join(names, ", ")))
	case file.Default != "" && file.lines[file.Default] == 0:
		problems = append(problems, fmt.Sprintf("line %d: default %q is not among the providers: %s",
			lineOf(&document, "default"), file.Default, strings.Join(names, ", ")))
	}
	for _, k := range kinds {
		if line := file.lines[k.name]; line > 0 && k.check != nil {
			for _, p := range k.check(file.Providers) {
				problems = append(problems, fmt.Sprintf("line %d: %s: %s", line, k.name, p))
			}
		}
	}
	problems = append(problems, file.Backups.check()...)
	if len(problems) > 0 {
		return file, invalidFile(name, problems)
	}
	return file, nil
}

func invalidFile(name string, problems []string) error {
	f := fault.New(fault.Invalid, "configuration file %s: %s", name, strings.Join(problems, "; "))
	f.Problems = problems
	return f.WithHint("see docs/providers.md and docs/drover.example.yaml")
}

// named returns the known providers of the file with their lines. One without settings ("local:") gets empty ones.
func (file *providerFile) named(document *yaml.Node) map[string]int {
	lines := map[string]int{}
	_, section := find(document, "providers")
	for _, k := range kinds {
		if key, _ := find(section, k.name); key != nil {
			lines[k.name] = key.Line
			k.named(&file.Providers)
		}
	}
	return lines
}

func lineOf(document *yaml.Node, name string) int {
	if key, _ := find(document, name); key != nil {
		return key.Line
	}
	return 1
}

// find returns a key of a mapping and its value.
func find(n *yaml.Node, name string) (key, value *yaml.Node) {
	if n != nil && n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		n = n.Content[0]
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}
