package store

// FailAfter makes publishes call f after every transaction; an error ends the publish there, like a crash.
func (s *Store) FailAfter(f func(n int) error) { s.afterTransaction = f }
