package output

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"
)

func broad() Table {
	return Table{
		Header: []string{"cluster", "name", "why", "run"},
		Rows: [][]string{
			{"cl-00000001", "订单服务集群订单服务集群", "the disk of the second machine is full", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"},
			{"cl-00000002", "orders", "two\nlines", "6fa459ea-ee8a-3ca4-894e-db77e160355e"},
		},
		Wide: []string{"run"}, Drop: []string{"why"},
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		format Format
		width  int
		want   string
	}{
		{Text, 0, `
CLUSTER      NAME                      WHY
cl-00000001  订单服务集群订单服务集群  the disk of the second machine is full
cl-00000002  orders                    two lines`},
		{Text, 60, `
CLUSTER      NAME                     WHY
cl-00000001  订单服务集群订单服务集…  the disk of the secon…
cl-00000002  orders                   two lines`},
		{Text, 30, `
CLUSTER      NAME
cl-00000001  订单服务集群订单…
cl-00000002  orders`},
		{Text, 12, `
CLUS…  NAME
cl-0…  订单…
cl-0…  orde…`},
		{Wide, 30, `
CLUSTER      NAME                      WHY                                     RUN
cl-00000001  订单服务集群订单服务集群  the disk of the second machine is full  1b4e28ba-2fa1-11d2-883f-0016d3cca427
cl-00000002  orders                    two lines                               6fa459ea-ee8a-3ca4-894e-db77e160355e`},
		{Boxed, 36, `
┌─────────────┬───────────────────┐
│ CLUSTER     │ NAME              │
├─────────────┼───────────────────┤
│ cl-00000001 │ 订单服务集群订单… │
│ cl-00000002 │ orders            │
└─────────────┴───────────────────┘`},
	} {
		var out bytes.Buffer
		require.NoError(t, (&Printer{Stdout: &out, Format: tt.format, Width: tt.width}).Print(Output{Blocks: []Block{broad()}}))
		require.Equal(t, tt.want, "\n"+strings.TrimRight(out.String(), "\n"), "%s at %d", tt.format, tt.width)
	}
}

func FuzzNoLineIsLongerThanTheTerminal(f *testing.F) {
	f.Add("a long value with 宽 letters", "short", uint8(40))
	f.Fuzz(func(t *testing.T, x, y string, n uint8) {
		width := max(int(n), 4*narrow+3*gap)
		table := broad()
		table.Wide = nil
		table.Rows = append(table.Rows, []string{x, y, x + y, y + x})
		for line := range strings.Lines(renderTable(table, Text, width)) {
			require.LessOrEqual(t, text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\n")), width, "%q", line)
		}
	})
}

func TestFieldsWrapUnderTheirValue(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Printer{Stdout: &out, Format: Text, Width: 30}
	require.NoError(t, p.Print(Output{Blocks: []Block{Fields{{"state", "failed: the disk of the machine is full"}}}}))
	require.Equal(t, "state  failed: the disk of the\n       machine is full\n", out.String())
}
