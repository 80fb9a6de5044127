// Package durable writes files that a power cut leaves whole and where they are.
//
// It knows nothing of what is in them. Callers: every room that keeps state in files.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes a file of this mode completely or not at all, whatever existed there; when it returns, a power cut does
// not bring the old one back. What an interrupted call leaves has the prefix Draft.
func Replace(path string, data []byte, mode fs.FileMode) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, Draft(path)+"*") // 0600 until it is complete: it may be a secret
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return Dir(dir)
}

// Draft is the prefix of the file that Replace writes. The dot keeps programs that read whole folders away from it.
func Draft(path string) string { return "." + filepath.Base(path) + ".new-" }

// Keep makes a file that was written otherwise last, and its name.
func Keep(path string) error {
	return errors.Join(sync(path), Dir(filepath.Dir(path)))
}

// Dir makes the names in a folder last.
func Dir(dir string) error { return sync(dir) }

func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
