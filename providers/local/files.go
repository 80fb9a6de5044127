package local

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

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

// draft is what the name of a file that is being written begins with; a killed worker leaves it behind.
func draft(name string) string { return "." + filepath.Base(name) + ".new-" }

func writeFile(name string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), draft(name)+"*")
	if err != nil {
		return ioFault(err, "write %s", name)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return ioFault(err, "write %s", name)
	}
	return nil
}

// readJSON says false when there is no such file.
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
