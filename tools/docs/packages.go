package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drover/agent/confd"
	"drover/specs"
)

// schemas are files that are generated as a whole.
var schemas = map[string]func() []byte{
	"docs/packages/config.schema.json":  func() []byte { return specs.Schema("config.json", specs.ConfigVocabulary()) },
	"docs/packages/cluster.schema.json": func() []byte { return specs.Schema("cluster.json", specs.ClusterVocabulary()) },
}

func writeSchemas(root string) error {
	for name, text := range schemas {
		if err := os.WriteFile(filepath.Join(root, name), text(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// referenced are the parts of the reference for authors.
var referenced = map[string]func() string{
	"config fields":      func() string { return objects(specs.ConfigVocabulary()) },
	"cluster fields":     func() string { return objects(specs.ClusterVocabulary()) },
	"ignored keys":       ignored,
	"template functions": functions,
	"standard services":  func() string { return "`" + strings.Join(specs.Standards(), "`, `") + "`\n" },
}

// objects is a section with a table per object that has keys of its own.
func objects(vocabulary []specs.Object) string {
	var b strings.Builder
	for _, o := range vocabulary {
		if len(o.Fields) == 0 {
			continue
		}
		fmt.Fprintf(&b, "### %s: `%s`\n\n%s.\n\n| key | type | default | meaning |\n|---|---|---|---|\n", strings.ReplaceAll(o.Name, "_", " "), o.Path, o.Purpose)
		for _, f := range o.Fields {
			kind := string(f.Kind)
			if len(f.Choices) > 0 {
				kind = "`" + strings.Join(f.Choices, "`, `") + "`"
			}
			meaning := f.Meaning
			if f.Ignored != "" {
				meaning += ". **No effect**: " + f.Ignored
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s. |\n", f.Name, kind, f.Default, meaning)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ignored are the keys of AppCenter without effect, by file.
func ignored() string {
	var b strings.Builder
	b.WriteString("| file | object | key | why |\n|---|---|---|---|\n")
	for _, file := range []struct {
		name       string
		vocabulary []specs.Object
	}{{specs.ConfigFile, specs.ConfigVocabulary()}, {specs.TemplateFile, specs.ClusterVocabulary()}} {
		for _, o := range file.vocabulary {
			for _, f := range slices.Concat(o.Fields, o.Named) {
				if f.Ignored != "" {
					fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", file.name, strings.ReplaceAll(o.Name, "_", " "), f.Name, f.Ignored)
				}
			}
		}
	}
	return b.String()
}

func functions() string {
	var b strings.Builder
	b.WriteString("| function | result |\n|---|---|\n")
	for _, f := range confd.Functions() {
		fmt.Fprintf(&b, "| `%s` | %s. |\n", f.Use, f.Meaning)
	}
	return b.String()
}
