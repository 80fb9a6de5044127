package specs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMinCountIsWhatTheConfigurationAllows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		item, count string
		want        int
	}{
		"min":                        {`"type": "integer", "default": 5, "min": 3, "max": 9`, "{{cluster.n.count}}", 3},
		"min 0":                      {`"type": "integer", "default": 5, "min": 0`, "{{cluster.n.count}}", 0},
		"min below 0":                {`"type": "integer", "default": 5, "min": -1`, "{{cluster.n.count}}", 0},
		"min written as text":        {`"type": "integer", "default": 5, "min": "2"`, "{{cluster.n.count}}", 2},
		"a fraction":                 {`"type": "number", "default": 5, "min": 1.5`, "{{cluster.n.count}}", 2},
		"range in no order":          {`"type": "integer", "default": 5, "range": [5, 3, 7]`, "{{cluster.n.count}}", 3},
		"range of texts":             {`"type": "string", "default": "5", "range": ["5", "2", "many"]`, "{{cluster.n.count}}", 2},
		"range with 0":               {`"type": "integer", "default": 5, "range": [5, 0]`, "{{cluster.n.count}}", 0},
		"range below min":            {`"type": "integer", "default": 5, "range": [1, 3, 5], "min": 2`, "{{cluster.n.count}}", 3},
		"no bound":                   {`"type": "integer", "default": 5`, "{{cluster.n.count}}", 1},
		"max alone":                  {`"type": "integer", "default": 5, "max": 9`, "{{cluster.n.count}}", 1},
		"no bound and default 0":     {`"type": "integer", "default": 0`, "{{cluster.n.count}}", 0},
		"a literal":                  {`"type": "integer", "default": 5, "min": 3`, "4", 1},
		"a literal 0":                {`"type": "integer", "default": 5, "min": 3`, "0", 0},
		"through a section":          {`"type": "integer", "default": 5, "min": 3`, "{{#cluster.n.count}}{{.}}{{/cluster.n.count}}", 3},
		"below a group":              {`"type": "integer", "default": 5, "min": 3`, "{{#cluster.n}}{{count}}{{/cluster.n}}", 3},
		"by its digits":              {`"type": "integer", "default": 5, "min": 3`, "1{{cluster.n.count}}", 1},
		"a default outside its rule": {`"type": "integer", "default": 1, "min": 3`, "{{cluster.n.count}}", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "n", "properties": [{"key": "count", `+tt.item+`}]}]}]}`,
				`{"nodes": [{"role": "n", "count": `+tt.count+`, "replica": 1, `+role+`}, {"role": "m", "count": 1, `+role+`}]}`)
			c, _, err := p.Render(t.Context(), nil)
			require.NoError(t, err)
			r, _ := c.Role("n")
			require.Equal(t, tt.want, r.MinCount)
			if replica, ok := c.Role("n-replica"); ok {
				require.Zero(t, replica.MinCount)
			}
		})
	}
}

func TestMinCountOfAnElementOfAListIsNotTheLists(t *testing.T) {
	t.Parallel()
	p := packageOf(t, `{"properties": [{"key": "cluster", "properties": [{"key": "roles", "type": "array", "default": [{"n": 2}], "min": 2}]}]}`,
		`{"nodes": [{{#cluster.roles}}{"count": {{n}}, `+role+`}{{/cluster.roles}}]}`)
	c, _, err := p.Render(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, c.Roles[0].MinCount)
}
