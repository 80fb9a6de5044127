package cli

import (
	"context"

	"github.com/spf13/cobra"

	"drover/codec"
	"drover/starter/output"
)

// keyMade is what `drover keygen -o json` prints: never the key.
type keyMade struct {
	File string `json:"file"`
	ID   string `json:"key_id"`
}

// keygen makes a payload key.
func (a *app) keygen() *cobra.Command {
	var rotate bool
	c := &cobra.Command{
		Use:   "keygen FILE",
		Short: "Make a key that encrypts what Temporal stores",
		Long: `Make a file with a new key, readable by its owner alone. Workers and whoever uses drover name it with
--payload-key or DROVER_PAYLOAD_KEY; then Temporal stores nothing of inputs, results, progress and errors but
ciphertext.

To change the key: first give every worker and user the new key below the old one, so that they can read it;
then move it to the top, or let --rotate write it there and distribute the file. Keep the old key as long as
Temporal keeps workflows. A lost key cannot be had back.`,
		Example: "  drover keygen ~/.config/drover/payload.key\n  drover keygen --rotate ~/.config/drover/payload.key",
		Args:    exactly("FILE"),
		RunE: a.run(func(_ context.Context, args []string) (output.Output, error) {
			id, err := codec.Generate(args[0], rotate)
			if err != nil {
				return output.Output{}, err
			}
			return output.Output{Value: keyMade{File: args[0], ID: id}, Blocks: []output.Block{
				output.Fields{{"file", args[0]}, {"key id", id}},
			}}, nil
		}),
	}
	c.Flags().BoolVar(&rotate, "rotate", false, "put a new key in front of those in the file; the old ones still decrypt")
	return c
}
