package fault

import "fmt"

// DidYouMean is " (did you mean X?)" for a word that is nearly one of the names, and "" otherwise: the name with the fewest
// edits, if these are few for the length of the word.
func DidYouMean(word string, names []string) string {
	best, at := "", len(word)/4+2
	for _, name := range names {
		if d := distance(word, name, at); d < at {
			best, at = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance counts the edits between two texts; anything from limit on counts as limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := prev
			if a[i-1] != b[j-1] {
				cost++
			}
			prev = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return min(row[len(b)], limit)
}
