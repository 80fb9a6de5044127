package static

import (
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// place is where an entry of a file is: its first and last line.
type place struct{ from, to int }

// places are those of the entries of a list at the top of the text.
func places(text []byte, list string) []place {
	var document yaml.Node
	if yaml.Unmarshal(text, &document) != nil || len(document.Content) == 0 {
		return nil
	}
	top := document.Content[0]
	var found []place
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Kind != yaml.MappingNode || top.Content[i].Value != list || top.Content[i+1].Kind != yaml.SequenceNode {
			continue
		}
		for _, entry := range top.Content[i+1].Content {
			found = append(found, place{entry.Line, lastLine(entry)})
		}
	}
	return found
}

func lastLine(n *yaml.Node) int {
	last := n.Line
	for _, c := range n.Content {
		last = max(last, lastLine(c))
	}
	return last
}

var named = regexp.MustCompile(`^line (\d+): `)

// broken says whether the decoder has complained about an entry: what else is wrong with it cannot be known.
func (p place) broken(complaints []string) bool {
	for _, c := range complaints {
		if m := named.FindStringSubmatch(c); m != nil {
			if line, _ := strconv.Atoi(m[1]); p.from <= line && line <= p.to {
				return true
			}
		}
	}
	return false
}
