package folder

import (
	"os"
	"path/filepath"
)

// Remove removes a folder with everything below it, and the one above it when it is empty then. A missing folder is removed
// already.
func Remove(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	_ = os.Remove(filepath.Dir(dir)) // fails while there is something in it
	return nil
}
