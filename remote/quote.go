package remote

import "strings"

// Quote makes arg one word of a POSIX shell, whatever bytes it holds. A NUL byte cannot be in a word: Run refuses it.
func Quote(arg string) string {
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
