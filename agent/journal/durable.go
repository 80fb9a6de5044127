package journal

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// writeDurable makes name in dir hold v, completely or not at all, also after a power loss: temporary file, fsync,
// rename, fsync of the folder.
func writeDurable(dir, name string, v any) error {
	if err := writeWhole(dir, name, v, true); err != nil {
		return err
	}
	return syncDir(dir)
}

// writeWhole makes name in dir hold v, completely or not at all. Unless lasting, a power loss may leave an empty file;
// otherwise the file is whole, and there once its folder is synced.
func writeWhole(dir, name string, v any, lasting bool) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, name+".tmp") // mode 0600
	if err != nil {
		return err
	}
	tmp := f.Name()
	_, err = f.Write(data)
	if err == nil && lasting {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(tmp)
	}
	return err
}

// syncDir makes the names in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// readJSON reads name in dir into v; a missing file is (false, nil).
func readJSON(dir, name string, v any) (bool, error) {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if os.IsNotExist(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(data, v)
}
