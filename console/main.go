package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	consul "github.com/hashicorp/consul/api"
	"github.com/spf13/pflag"

	"drover/client"
	"drover/console/assets"
	"drover/console/auth"
	"drover/console/oidc"
	"drover/console/server"
	"drover/metadata/views"
)

// livePace is how often an operation that is looked at is asked for its progress, by one watcher for all that look.
const livePace = 150 * time.Millisecond

// version is set by the linker: -ldflags "-X main.version=v1.2.3".
var version = "dev"

const usage = `Serve Drover's web pages and HTTP API.

Temporal comes from the TEMPORAL_* variables and the temporal CLI's configuration file, Consul from the CONSUL_*
variables; every flag can be set as DROVER_CONSOLE_ and its name. Without flags it listens on loopback and prints a
link that logs in once; SIGUSR1 prints another.

Usage:
  drover-console [flags]

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "drover-console:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	listen, at, stateDir, cert, key, oidc, ui, prefix, tokenFile, linkFile string
	proxied                                                                bool
	client                                                                 client.Options
}

func parse(args []string, lookup func(string) (string, bool)) (settings, error) {
	var c settings
	f := pflag.NewFlagSet("drover-console", pflag.ContinueOnError)
	f.SortFlags = false
	f.StringVar(&c.listen, "listen", "127.0.0.1:7680", "address to listen on; other than loopback needs --tls-cert, --behind-proxy or --url")
	f.StringVar(&c.at, "url", "", "address of the console as browsers see it, for the link (default: that of --listen); http:// and loopback for one in a container whose port is published on loopback")
	f.StringVar(&c.stateDir, "state-dir", "/var/lib/drover-console", "folder for tokens and the audit list, created with mode 0700")
	f.StringVar(&c.cert, "tls-cert", "", "PEM file with the certificate and its chain; with --tls-key the console speaks HTTPS alone. A renewed file is used without a restart")
	f.StringVar(&c.key, "tls-key", "", "PEM file with the certificate's key")
	f.BoolVar(&c.proxied, "behind-proxy", false, "another server before this one speaks HTTPS, and appends the address of the client to X-Forwarded-For")
	f.StringVar(&c.oidc, "oidc", "", "YAML file for log-in with an OpenID Connect provider; see docs/oidc.example.yaml")
	f.StringVar(&c.linkFile, "link-file", "", "file to write the one-time link to, with mode 0600 (default: standard output)")
	f.StringVar(&c.ui, "ui", "", "address of Temporal's web interface, for links (default: DROVER_UI)")
	f.StringVar(&c.prefix, "kv-prefix", "drover", "prefix of Drover's keys in Consul")
	f.StringVar(&c.tokenFile, "consul-token-file", "", "file with the console's Consul token, which reads PREFIX/views/ (default: CONSUL_HTTP_TOKEN_FILE or CONSUL_HTTP_TOKEN)")
	f.StringVar(&c.client.PayloadKey, "payload-key", "", "file with the key that encrypts payloads stored by Temporal, the same as the workers' (default: DROVER_PAYLOAD_KEY)")
	f.Usage = func() { fmt.Fprint(os.Stderr, usage, f.FlagUsages()) }
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if f.NArg() > 0 {
		return c, fmt.Errorf("unknown argument %q; see drover-console --help", f.Arg(0))
	}
	var problems []error
	f.VisitAll(func(flag *pflag.Flag) {
		name := "DROVER_CONSOLE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value, ok := lookup(name); ok && value != "" && !flag.Changed {
			if err := f.Set(flag.Name, value); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", name, err))
			}
		}
	})
	if c.ui == "" {
		c.ui, _ = lookup("DROVER_UI")
	}
	if (c.cert == "") != (c.key == "") {
		problems = append(problems, errors.New("--tls-cert and --tls-key belong together"))
	}
	if c.at != "" {
		u, err := url.Parse(c.at)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			problems = append(problems, fmt.Errorf("--url %q is not an address of the form https://host[:port]", c.at))
		} else if u.Scheme == "http" && !loopback(u.Hostname()) {
			problems = append(problems, fmt.Errorf("--url %s is not https, and not on loopback", c.at))
		}
	}
	if host, _, err := net.SplitHostPort(c.listen); err != nil {
		problems = append(problems, fmt.Errorf("--listen %q is not host:port", c.listen))
	} else if !loopback(host) && c.cert == "" && !c.proxied && !strings.HasPrefix(c.at, "http://") {
		problems = append(problems, fmt.Errorf("--listen %s is not a loopback address, so that tokens would cross the network in the clear: "+
			"give --tls-cert and --tls-key, or --behind-proxy", c.listen))
	}
	return c, errors.Join(problems...)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func run(ctx context.Context, args []string) error {
	c, err := parse(args, os.LookupEnv)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := os.MkdirAll(c.stateDir, 0o700); err != nil {
		return err
	}
	users, err := auth.Open(filepath.Join(c.stateDir, "tokens.json"), time.Now)
	if err != nil {
		return err
	}
	audit, err := auth.OpenAudit(filepath.Join(c.stateDir, "audit.jsonl"))
	if err != nil {
		return err
	}
	consulConfig := consul.DefaultConfig()
	if c.tokenFile != "" {
		consulConfig.TokenFile = c.tokenFile
	}
	provider, err := readOIDC(c.oidc)
	if err != nil {
		return err
	}
	kv, err := consul.NewClient(consulConfig)
	if err != nil {
		return fmt.Errorf("consul: %w", err)
	}
	temporal, err := client.Dial(ctx, c.client)
	if err != nil {
		return err
	}
	defer temporal.Close()
	temporal.Poll = livePace
	seen := views.NewWatcher(kv, c.prefix, logger)
	go seen.Run(ctx)

	https := c.cert != ""
	var secured *tls.Config
	if https {
		if secured, err = serverTLS(c.cert, c.key); err != nil {
			return err
		}
	}
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	s := &http.Server{
		Handler: server.New(ctx, server.Options{
			Version: version, UI: c.ui, Client: temporal, Views: seen, Auth: users, Audit: audit, OIDC: provider,
			Secure: https || c.proxied, Proxied: c.proxied, Pages: assets.Handler(), Logger: logger, Now: time.Now,
		}).Handler(),
		TLSConfig:         secured,
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, // streams end with the program
	}
	stopped := context.AfterFunc(ctx, func() {
		within, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		_ = s.Shutdown(within)
	})
	defer stopped()
	base := "http://" + listener.Addr().String()
	if https {
		base = "https://" + listener.Addr().String()
	}
	if c.at != "" {
		base = strings.TrimSuffix(c.at, "/")
	}
	if err := invite(users, base, c.linkFile); err != nil {
		return err
	}
	go inviteAgain(ctx, users, base, c.linkFile, logger)
	logger.Info("serving", "address", base, "version", version)
	if https {
		err = s.ServeTLS(listener, "", "")
	} else {
		err = s.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// readOIDC is the provider of a configuration file; nil without one.
func readOIDC(file string) (*oidc.Provider, error) {
	if file == "" {
		return nil, nil
	}
	c, err := oidc.Read(file)
	if err != nil {
		return nil, err
	}
	return oidc.New(c, time.Now), nil
}

// invite makes a one-time link, and prints it or writes it to a file.
func invite(users *auth.Auth, base, file string) error {
	link := base + "/login/" + users.Link() + "\n"
	if file == "" {
		fmt.Print("Log in once, within 15 minutes, at: ", link)
		return nil
	}
	return os.WriteFile(file, []byte(link), 0o600)
}

func inviteAgain(ctx context.Context, users *auth.Auth, base, file string, logger *slog.Logger) {
	wanted := make(chan os.Signal, 1)
	signal.Notify(wanted, syscall.SIGUSR1)
	for {
		select {
		case <-wanted:
			if err := invite(users, base, file); err != nil {
				logger.Error("no link", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
