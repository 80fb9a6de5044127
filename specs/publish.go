package specs

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"sort"
	"time"
)

// Archive gives the package as tar.gz for publishing: config.json, cluster.json.mustache and locale/*.json as they
// were found, nothing else. The same files give the same bytes.
func (p *Package) Archive() ([]byte, error) {
	names := make([]string, 0, len(p.files))
	for name := range p.files {
		names = append(names, name)
	}
	sort.Strings(names)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	t := tar.NewWriter(z)
	for _, name := range names {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(p.files[name])), ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("archive of %s: %s: %w", p.Source, name, err)
		}
		if _, err := t.Write(p.files[name]); err != nil {
			return nil, fmt.Errorf("archive of %s: %s: %w", p.Source, name, err)
		}
	}
	if err := t.Close(); err != nil {
		return nil, fmt.Errorf("archive of %s: %w", p.Source, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("archive of %s: %w", p.Source, err)
	}
	return out.Bytes(), nil
}
