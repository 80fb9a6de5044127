package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"drover/fault"
)

// noSuchFile is the exit code of Digest's script for a missing file, as opposed to a failing sha256sum.
const noSuchFile = 44

// Digest returns the SHA-256 of a file on the node in hex, like FileDigest for a local file. A missing file is NotFound.
func (p *Pool) Digest(ctx context.Context, t Target, file string) (string, error) {
	q := Quote(file)
	r, err := p.Run(ctx, t, fmt.Sprintf("[ -e %s ] || exit %d; sha256sum <%s", q, noSuchFile, q), nil)
	if err != nil {
		return "", fault.Wrap(err, fault.Unreachable, "digest of %s", file)
	}
	sum, _, _ := strings.Cut(string(r.Stdout), " ")
	switch {
	case r.ExitCode == noSuchFile:
		return "", faultAt(t, fault.NotFound, "node %s has no file %s", t, file)
	case r.ExitCode != 0 || len(sum) != hex.EncodedLen(sha256.Size):
		f := faultAt(t, fault.Internal, "sha256sum of %s on node %s ended with code %d", file, t, r.ExitCode)
		f.Output = tail(r.Stderr)
		return "", f
	}
	return sum, nil
}

// FileDigest returns the SHA-256 of the bytes of r in hex.
func FileDigest(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", fault.Wrap(err, fault.Internal, "digest")
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// tail returns the end of an output, cleaned for a fault.
func tail(b []byte) string {
	const most = 4096
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strings.ToValidUTF8(strings.TrimSpace(string(b)), "?")
}
