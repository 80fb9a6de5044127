package cli

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"drover/codec"
	"drover/fault"
	"drover/starter/output"
)

// codecServer shows clear text to who holds the key, in Temporal's own UI and CLI.
func (a *app) codecServer() *cobra.Command {
	var (
		listen  string
		origins []string
	)
	c := &cobra.Command{
		Use:   "codec-server",
		Short: "Decrypt payloads for the Temporal UI and the temporal CLI on this machine",
		Long: `Serve Temporal's remote codec on this machine until interrupted: the UI (its setting "codec server") and the
temporal CLI (--codec-endpoint) then show clear text. Browsers can use it only from pages of --origin. It has no
authentication and therefore listens on loopback addresses only.`,
		Example: "  drover codec-server --origin http://localhost:8233\n  temporal workflow show -w cluster/cl-a1b2c3d4 --codec-endpoint http://127.0.0.1:8234",
		Args:    exactly(),
		RunE: a.run(func(ctx context.Context, _ []string) (output.Output, error) {
			if err := a.needsTemporal("codec-server", "it decrypts what Temporal stores, on this machine"); err != nil {
				return output.Output{}, err
			}
			keys, err := a.target.Keys()
			if err != nil {
				return output.Output{}, err
			}
			if keys.Active() == "" {
				return output.Output{}, fault.New(fault.Invalid, "the codec server has no payload key").
					WithHint("set the key file with --payload-key or DROVER_PAYLOAD_KEY; create one with drover keygen")
			}
			return output.Output{}, a.serveCodec(ctx, listen, codec.Handler(keys, origins))
		}),
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8234", "loopback address to listen on")
	c.Flags().StringArrayVar(&origins, "origin", []string{"http://localhost:8233"}, "origin of the Temporal UI's pages, as the browser shows it; may be repeated")
	return c
}

func (a *app) serveCodec(ctx context.Context, listen string, handler http.Handler) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "cannot listen on %s", listen).WithHint("choose another address with --listen")
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		_ = listener.Close()
		return fault.New(fault.Invalid, "%s is not a loopback address: a codec server decrypts payloads for every client that reaches it", listen).
			WithHint("listen on 127.0.0.1 and reach it over ssh -L, or through a proxy that authenticates users")
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	a.printer.Say("Codec server on http://%s; stop it with Ctrl-C", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fault.Wrap(err, fault.Internal, "the codec server stopped")
	}
	return nil
}
