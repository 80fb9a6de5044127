package lifecycle

// FreeName is the name of a cluster whose creator asked for none: the wanted one, or, where another cluster has that, the
// wanted one with the end of the cluster's id. It has at most limit characters.
func FreeName(wanted, clusterID string, limit int, taken func(string) bool) string {
	if !taken(wanted) {
		return wanted
	}
	suffix := "-" + clusterID[max(len(clusterID)-8, 0):]
	short := []rune(wanted)
	if most := limit - len(suffix); len(short) > most {
		short = short[:most]
	}
	return string(short) + suffix
}

// Namesake is another cluster with the name; nil when there is none.
func Namesake(records []*Record, name, clusterID string) *Record {
	for _, r := range records {
		if r.Name == name && r.ClusterID != clusterID {
			return r
		}
	}
	return nil
}
