package lifecycle

// FreeName is the name of a cluster whose creator asked for none: the wanted one, or, where another cluster has that, the
// wanted one with the end of the cluster's id. It has at most limit characters.
func FreeName(wanted, clusterID string, limit int, taken bool) string {
	if !taken {
		return wanted
	}
	suffix := "-" + clusterID[max(len(clusterID)-8, 0):]
	short := []rune(wanted)
	if most := limit - len(suffix); len(short) > most {
		short = short[:most]
	}
	return string(short) + suffix
}
