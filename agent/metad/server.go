package metad

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v2"

	"drover/fault"
)

// Serve answers on addr until ctx ends. Only loopback addresses are accepted: metadata is not for other machines. On a
// loopback that several nodes share, and other users, access decides.
func (t *Tree) Serve(ctx context.Context, addr string, log *slog.Logger) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "metadata address %q", addr)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fault.New(fault.Invalid, "metadata address %q is not a loopback IP address", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fault.Wrap(err, fault.Unreachable, "listen for metadata requests")
	}
	return t.serve(ctx, l, log)
}

func (t *Tree) serve(ctx context.Context, l net.Listener, log *slog.Logger) error {
	srv := &http.Server{
		Handler:           t,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		srv.Close()
	})
	err := srv.Serve(l)
	if !stop() {
		<-done
		return nil
	}
	return fault.Wrap(err, fault.Internal, "serve metadata on %s", l.Addr())
}

// ServeHTTP answers one request.
func (t *Tree) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "metadata is read-only here", http.StatusMethodNotAllowed)
		return
	}
	may := t.access(r)
	if may == nothing {
		http.Error(w, "metadata is for processes of its own node, under the name metadata", http.StatusForbidden)
		return
	}
	v := t.view()
	if r.URL.Query().Get("wait") == "true" {
		prev := v.version
		if text := r.URL.Query().Get("prev_version"); text != "" {
			var err error
			if prev, err = strconv.ParseInt(text, 10, 64); err != nil {
				http.Error(w, "prev_version is not a number", http.StatusBadRequest)
				return
			}
		}
		for v.version == prev {
			select {
			case <-r.Context().Done():
				return
			case <-v.next:
				v = t.view()
			}
		}
	}
	if may == public {
		at := clean(r.URL.Path)
		if key, ok := v.key(at); ok && v.secret[key] {
			http.Error(w, "only root of the node reads "+strconv.Quote(at), http.StatusForbidden)
			return
		}
		v = v.public()
	}
	v.answer(w, r)
}

func clean(p string) string { return strings.TrimSuffix(path.Clean("/"+p), "/") }

func (v view) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Metad-Version", strconv.FormatInt(v.version, 10))
	at := clean(r.URL.Path)
	write := writerOf(r.Header.Get("Accept"))
	if value, ok := v.value(at); ok {
		if write != nil {
			write(w, value)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, value)
		return
	}
	leaves := v.below(at)
	switch {
	case len(leaves) == 0:
		http.Error(w, "Not found", http.StatusNotFound) // not the path: scripts search answers for names
	case write != nil:
		write(w, object(leaves))
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, lines(leaves))
	}
}

// writerOf is the structured form that a request accepts; nil is text.
func writerOf(accept string) func(http.ResponseWriter, any) {
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
		case "application/json":
			return writeJSON
		case "application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml":
			return func(w http.ResponseWriter, v any) {
				w.Header().Set("Content-Type", kind)
				out, _ := yaml.Marshal(v) // maps and texts can be written
				_, _ = w.Write(out)
			}
		case "text/plain", "text/*", "*/*":
			return nil
		}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(v)
}
