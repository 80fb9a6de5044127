package cli

import (
	"errors"
	"io/fs"
	"os"

	"drover/durable/folder"

	"github.com/spf13/cobra"
)

// exitNoFolder says that the folder to pack does not exist.
const exitNoFolder = 3

// folder moves folders of a node for backups, as tar streams.
func (a *app) folder() *cobra.Command {
	c := &cobra.Command{Use: "folder", Short: "Move a folder as a tar stream, for backups", Hidden: true}
	c.AddCommand(&cobra.Command{
		Use: "pack DIR", Short: "Write a folder to standard output; exit code 3 when it does not exist", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
				return exit(exitNoFolder)
			}
			return folder.Write(cmd.Context(), args[0], a.Stdout)
		},
	}, &cobra.Command{
		Use: "unpack DIR", Short: "Make a folder what standard input says", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o700); err != nil {
				return err
			}
			return folder.Read(cmd.Context(), os.Stdin, args[0])
		},
	}, &cobra.Command{
		Use: "remove DIR", Short: "Remove a folder, and the one above it when it is empty then", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return folder.Remove(args[0])
		},
	})
	return c
}
