package remote

import "strings"

// Quote returns arg as one word of a POSIX shell, for any bytes. A word cannot contain a NUL byte: Run refuses it.
func Quote(arg string) string {
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
