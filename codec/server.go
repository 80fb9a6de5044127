package codec

import (
	"net/http"
	"slices"

	"go.temporal.io/sdk/converter"
)

// largestRequest is more than a page of history: Temporal sends at most 4 MiB in one answer.
const largestRequest = 32 << 20

// Handler serves Temporal's remote codec: POST /encode and /decode. Browsers may call it from pages of the given origins
// only: other pages could read what the key protects. Answers never name a key.
func Handler(keys Keys, origins []string) http.Handler {
	codec := converter.NewPayloadCodecHTTPHandler(New(keys))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); origin != "" {
			if !slices.Contains(origins, origin) {
				http.Error(w, "this origin is not allowed; add it with --origin of the codec server", http.StatusForbidden)
				return
			}
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type, X-Namespace, Authorization")
			w.Header().Set("Vary", "Origin")
		}
		w.Header().Set("Cache-Control", "no-store")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, largestRequest)
		codec.ServeHTTP(w, r)
	})
}
