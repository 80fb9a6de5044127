package main

import (
	"debug/buildinfo"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/CycloneDX/cyclonedx-go"
)

// modules writes the list of modules that the compiler itself put into the programs.
func (r *release) modules(arch string) (err error) {
	found := map[string]*debug.Module{}
	compiler := ""
	for _, p := range programs {
		info, err := buildinfo.ReadFile(r.built(arch, p.name))
		if err != nil {
			return err
		}
		compiler = info.GoVersion
		for _, m := range info.Deps {
			for m.Replace != nil {
				m = m.Replace
			}
			found["pkg:golang/"+m.Path+"@"+m.Version] = m
		}
	}
	components := []cyclonedx.Component{{
		Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: compiler,
		BOMRef: "pkg:golang/std@" + compiler, PackageURL: "pkg:golang/std@" + compiler,
	}}
	for _, url := range slices.Sorted(maps.Keys(found)) {
		components = append(components, cyclonedx.Component{
			Type: cyclonedx.ComponentTypeLibrary, Name: found[url].Path, Version: found[url].Version, BOMRef: url, PackageURL: url,
		})
	}
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.time.UTC().Format("2006-01-02T15:04:05Z"),
		Component: &cyclonedx.Component{Type: cyclonedx.ComponentTypeApplication, Name: "drover", Version: r.version, BOMRef: "drover"},
	}
	bom.Components = &components
	out, err := os.Create(filepath.Join(r.out, r.name(arch)+".cdx.json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return cyclonedx.NewBOMEncoder(out, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(bom)
}
