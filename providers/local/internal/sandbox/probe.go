package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Abilities is what a probe found out, as JSON on its standard output.
type Abilities struct {
	// Layered: overlayfs works with its upper layer in the probed folder.
	Layered bool `json:"layered"`
	// LayeredProblem says why not.
	LayeredProblem string `json:"layered_problem,omitempty"`
	// Problem is set when no sandbox can be made at all.
	Problem string `json:"problem,omitempty"`
}

// Probe tries, in fresh namespaces, everything that boot will need. Scratch is an empty folder beside the nodes.
func Probe(scratch string, out io.Writer) error {
	var a Abilities
	if err := probe(scratch, &a); err != nil {
		a.Problem = err.Error()
	}
	return json.NewEncoder(out).Encode(a)
}

func probe(scratch string, a *Abilities) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	s := Spec{Mark: "drover-probe"}
	if _, _, err := hostTrees(s); err != nil {
		return err
	}
	if _, err := kernelTrees(s); err != nil {
		return err
	}
	root := Root{
		Dir: filepath.Join(scratch, "root"), Work: filepath.Join(scratch, "work"), Mount: filepath.Join(scratch, "mount"),
		Image: filepath.Join(scratch, "image"),
	}
	for _, dir := range []string{root.Dir, root.Work, root.Mount, root.Image} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := probeLayers(root); err != nil {
		a.LayeredProblem = err.Error()
	} else {
		a.Layered = true
	}
	s.Root = root
	s.Root.Layered = a.Layered
	if err := mountRoot(s); err != nil {
		return err
	}
	if err := enterRoot(root.Mount); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("probe")); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	return nil
}

// probeLayers changes a file of a lower layer through an overlay, the thing that ordinary users may not everywhere.
func probeLayers(r Root) error {
	const name = "in-image"
	if err := os.WriteFile(filepath.Join(r.Image, name), []byte("image"), 0o644); err != nil {
		return err
	}
	fd, err := overlay("drover-probe", unix.MOUNT_ATTR_NODEV, []string{r.Image}, r.Dir, r.Work)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	file, err := unix.Openat(fd, name, unix.O_WRONLY|unix.O_APPEND|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("change a file of the image: %w", err)
	}
	return unix.Close(file)
}
