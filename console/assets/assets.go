// Package assets serves the built pages of the console. They come from console/web and are committed in dist, so that a build
// of Go needs no Node; `make console` builds them and `make console-check` compares them.
//
// It is not the API and knows no session: the pages are public, and everything they show comes from /v1. Headers that every answer
// has, such as the content security policy, are the server's. Called by the console's server.
package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var built embed.FS

// file is a built file as it is sent.
type file struct {
	kind          string
	plain, packed []byte
	// forever: its name has the hash of its content.
	forever bool
}

// Handler serves the pages under every path: a file where there is one, else index.html, whose script shows the page of the
// path. A path that looks like a file and is none is not found. It panics when the embedded files cannot be read.
func Handler() http.Handler {
	files := map[string]file{}
	root, err := fs.Sub(built, "dist")
	if err == nil {
		err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(root, name)
			files["/"+name] = file{mime.TypeByExtension(path.Ext(name)), text, pack(text), strings.HasPrefix(name, "assets/")}
			return err
		})
	}
	if err != nil {
		panic(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "a page is read with GET", http.StatusMethodNotAllowed)
			return
		}
		f, ok := files[r.URL.Path]
		if !ok && path.Ext(r.URL.Path) != "" && strings.HasPrefix(r.URL.Path, "/assets/") {
			http.NotFound(w, r)
			return
		}
		if !ok {
			f = files["/index.html"]
		}
		f.send(w, r)
	})
}

func (f file) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if f.forever {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && len(f.packed) < len(f.plain) {
		h.Set("Content-Encoding", "gzip")
		body = f.packed
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the browser is gone
	}
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = z.Write(text)                                  // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
