package keep

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"drover/fault"
)

// IsProgram says whether the file is the program that the words describe: "at:OFFSET:HEX" gives the bytes at an offset
// (the linker's build id, which is a hash of the whole program), "sha256:HEX" the digest of all of it.
func IsProgram(path, words string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fault.Wrap(err, fault.Internal, "read own program file")
	}
	defer f.Close()
	if want, ok := strings.CutPrefix(words, "sha256:"); ok {
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return false, fault.Wrap(err, fault.Internal, "read own program file")
		}
		return hex.EncodeToString(h.Sum(nil)) == want, nil
	}
	place, ok := strings.CutPrefix(words, "at:")
	offset, text, _ := strings.Cut(place, ":")
	at, err := strconv.ParseInt(offset, 10, 64)
	want, herr := hex.DecodeString(text)
	if !ok || err != nil || herr != nil || len(want) == 0 {
		return false, fault.New(fault.Invalid, "%q describes no program", words)
	}
	have := make([]byte, len(want))
	n, err := f.ReadAt(have, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fault.Wrap(err, fault.Internal, "read own program file")
	}
	return string(have[:n]) == string(want), nil
}
