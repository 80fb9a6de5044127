package api

import (
	"bytes"
	"encoding/json"
)

// Values are values by path or name, or nested. Numbers keep their digits: a float64 has room for 15.
type Values map[string]any

// UnmarshalJSON reads numbers as json.Number.
func (v *Values) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(v))
}
