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
		Short: "Generate a key that encrypts payloads stored by Temporal",
		Long: `Generate a file with a new key, readable only by its owner. Configure it for workers and users of drover with
--payload-key or DROVER_PAYLOAD_KEY; Temporal then stores inputs, results, progress and errors only as
ciphertext.

To rotate the key: first give every worker and user the new key below the old one, so that they can decrypt;
then move it to the top, or let --rotate write it there and distribute the file. Keep the old key as long as
Temporal keeps workflows. A lost key cannot be recovered.`,
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
	c.Flags().BoolVar(&rotate, "rotate", false, "put a new key before those in the file; the old keys still decrypt")
	return c
}
