package journal

import (
	"errors"

	"drover/fault"

	"golang.org/x/sys/unix"
)

// diskTrouble says why nothing can be written in a folder; "" when nothing is known.
func diskTrouble(dir string) string {
	var st unix.Statfs_t
	switch err := unix.Statfs(dir, &st); {
	case err != nil:
		return ""
	case st.Flags&unix.ST_RDONLY != 0:
		return "the disk is read-only"
	case st.Bfree == 0:
		return "the disk is full"
	case st.Files > 0 && st.Ffree == 0:
		return "the disk is full: it has no inode left"
	}
	return ""
}

// notBegun is the fault of a command that cannot be written down, and so is not begun.
func (j *Journal) notBegun(id string, err error) error {
	cause := diskTrouble(j.dir)
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		cause = "the disk is full"
	case errors.Is(err, unix.EROFS):
		cause = "the disk is read-only"
	}
	if cause == "" {
		return fault.Wrap(err, fault.Internal, "launch command %s", id).WithHint("launching it again is safe")
	}
	return fault.Wrap(err, fault.NoCapacity, "command %s has not begun: %s in %s", id, cause, j.dir).
		WithHint("make room on the node (df, df -i), then launch it again")
}
