package metadata

import "fmt"

func tooLarge(key string, n int) string {
	return fmt.Sprintf("the value of %s has %d bytes; the limit is %d", key, n, MaxValue)
}

func (b *builder) problem(format string, args ...any) {
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}
