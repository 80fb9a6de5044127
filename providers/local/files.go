package local

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"drover/durable"
	"drover/fault"
)

// writeJSON replaces a file as a whole, or leaves it as it was.
func writeJSON(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return ioFault(err, "encode %s", name)
	}
	return writeFile(name, append(raw, '\n'))
}

// writeFile replaces a file for good: the provider finds its machines by these files after a power cut, too.
func writeFile(name string, text []byte) error {
	return ioFault(durable.Replace(name, text, 0o600), "write %s", name)
}

// readJSON says false when the file is missing.
func readJSON(name string, v any) (bool, error) {
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, ioFault(err, "read %s", name)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		f := fault.Wrap(err, fault.Internal, "provider local: %s cannot be read", name)
		f.Retryable = false // it reads the same again
		return false, f
	}
	return true, nil
}

// removeTree removes what a node left, also folders it closed to its own user. It never follows links.
func removeTree(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return ioFault(err, "remove %s", dir)
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			// Before the folder is read: WalkDir calls first and reads then.
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return ioFault(os.RemoveAll(dir), "remove %s", dir)
}
