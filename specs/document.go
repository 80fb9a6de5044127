package specs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of any JSON read here; real packages stay below 10.
const maxDepth = 100

type kind string

const (
	kindNull   kind = "null"
	kindBool   kind = "boolean"
	kindNumber kind = "number"
	kindString kind = "string"
	kindList   kind = "list"
	kindObject kind = "object"
)

// value is a JSON value that knows where it stands. encoding/json forgets positions, order and duplicate keys, and
// every message of this package needs them.
type value struct {
	kind    kind
	offset  int
	text    string // the string, or the number as written
	truth   bool
	members []member       // each key once: the last one wins
	index   map[string]int // of members by key
	elems   []*value
}

type member struct {
	key    string
	offset int
	value  *value
}

// duplicate is a key given again in the same object.
type duplicate struct {
	offset int
	path   string
}

// syntaxError is a JSON error at a byte offset.
type syntaxError struct {
	offset  int
	message string
}

func (e *syntaxError) Error() string { return e.message }

func (v *value) member(key string) (*value, bool) {
	if v == nil {
		return nil, false
	}
	if i, ok := v.index[key]; ok {
		return v.members[i].value, true
	}
	return nil, false
}

// parseDocument reads one JSON value.
func parseDocument(text []byte) (*value, []duplicate, *syntaxError) {
	// The decoder's own syntax check gives exact offsets and messages; the token reader below does not.
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		var se *json.SyntaxError
		if errors.As(err, &se) {
			at := int(se.Offset) - 1
			if strings.Contains(err.Error(), "unexpected end") {
				at = len(bytes.TrimRight(text, " \t\r\n"))
			}
			return nil, nil, &syntaxError{at, explainSyntax(se.Error(), text, at)}
		}
		return nil, nil, &syntaxError{0, err.Error()}
	}
	r := &documentReader{text: text, dec: json.NewDecoder(bytes.NewReader(text))}
	r.dec.UseNumber()
	v, err := r.read()
	if err != nil {
		var se *syntaxError
		if errors.As(err, &se) {
			return nil, nil, se
		}
		return nil, nil, &syntaxError{int(r.dec.InputOffset()), err.Error()}
	}
	return v, r.dups, nil
}

const commaTooMany = ": remove the comma before it"

// explainSyntax adds the usual reason to the decoder's message.
func explainSyntax(message string, text []byte, at int) string {
	message = strings.TrimPrefix(message, "json: ")
	if at < 0 || at > len(text) {
		return message
	}
	before := bytes.TrimRight(text[:at], " \t\r\n")
	switch {
	case strings.Contains(message, "looking for beginning of") && bytes.HasSuffix(before, []byte(",")) && at < len(text) && (text[at] == '}' || text[at] == ']'):
		return message + commaTooMany
	case strings.Contains(message, "after object key:value pair"), strings.Contains(message, "after array element"):
		return message + ": add a comma before it"
	}
	return message
}

type documentReader struct {
	text   []byte
	dec    *json.Decoder
	dups   []duplicate
	path   []string // where the reader stands: ".key" and "[2]"
	values int
}

// below reads the value at a part of the path.
func (r *documentReader) below(part string) (*value, error) {
	r.path = append(r.path, part)
	v, err := r.read()
	r.path = r.path[:len(r.path)-1]
	return v, err
}

// next returns the token and where it starts.
func (r *documentReader) next() (json.Token, int, error) {
	at := int(r.dec.InputOffset())
	for at < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[at]) >= 0 {
		at++
	}
	tok, err := r.dec.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return tok, at, err
}

func (r *documentReader) read() (*value, error) {
	tok, at, err := r.next()
	if err != nil {
		return nil, err
	}
	if len(r.path) > maxDepth {
		return nil, &syntaxError{at, fmt.Sprintf("nested deeper than %d levels", maxDepth)}
	}
	if r.values++; r.values > maxValues {
		return nil, &syntaxError{at, fmt.Sprintf("more than %d values in one file", maxValues)}
	}
	switch t := tok.(type) {
	case nil:
		return &value{kind: kindNull, offset: at}, nil
	case bool:
		return &value{kind: kindBool, offset: at, truth: t}, nil
	case json.Number:
		return &value{kind: kindNumber, offset: at, text: t.String()}, nil
	case string:
		return &value{kind: kindString, offset: at, text: t}, nil
	}
	if tok == json.Delim('[') {
		v := &value{kind: kindList, offset: at}
		for r.dec.More() {
			e, err := r.below("[" + strconv.Itoa(len(v.elems)) + "]")
			if err != nil {
				return nil, err
			}
			v.elems = append(v.elems, e)
		}
		_, _, err = r.next()
		return v, err
	}
	return r.readObject(at)
}

func (r *documentReader) readObject(at int) (*value, error) {
	v := &value{kind: kindObject, offset: at, index: map[string]int{}}
	for r.dec.More() {
		tok, keyAt, err := r.next()
		if err != nil {
			return nil, err
		}
		key, _ := tok.(string)
		m := member{key: key, offset: keyAt}
		if m.value, err = r.below("." + key); err != nil {
			return nil, err
		}
		if i, seen := v.index[key]; seen {
			if len(r.dups) <= maxProblems {
				r.dups = append(r.dups, duplicate{keyAt, brief(strings.TrimPrefix(strings.Join(r.path, "")+"."+key, "."))})
			}
			v.members[i] = m
			continue
		}
		v.index[key] = len(v.members)
		v.members = append(v.members, m)
	}
	_, _, err := r.next()
	return v, err
}

// join appends a key to a dotted path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// plain gives the value as Go data: string, json.Number, bool, nil, []any, map[string]any.
func (v *value) plain() any {
	switch v.kind {
	case kindBool:
		return v.truth
	case kindNumber:
		return json.Number(v.text)
	case kindString:
		return v.text
	case kindList:
		out := make([]any, len(v.elems))
		for i, e := range v.elems {
			out[i] = e.plain()
		}
		return out
	case kindObject:
		out := make(map[string]any, len(v.members))
		for _, m := range v.members {
			out[m.key] = m.value.plain()
		}
		return out
	}
	return nil
}

// raw gives the value as compact JSON, in the order of the file, without duplicate keys.
func (v *value) raw() json.RawMessage {
	var b bytes.Buffer
	v.write(&b)
	return b.Bytes()
}

// shown is raw as a message repeats it.
func (v *value) shown() string { return brief(string(v.raw())) }

func (v *value) write(b *bytes.Buffer) {
	switch v.kind {
	case kindList:
		b.WriteByte('[')
		for i, e := range v.elems {
			if i > 0 {
				b.WriteByte(',')
			}
			e.write(b)
		}
		b.WriteByte(']')
	case kindObject:
		b.WriteByte('{')
		for i, m := range v.members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(EncodeJSON(m.key))
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	default:
		b.Write(EncodeJSON(v.plain()))
	}
}

// EncodeJSON encodes plain data (string, json.Number, bool, nil, []any, map[string]any) without HTML escaping: < stays <.
func EncodeJSON(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("specs: plain data that cannot be encoded: " + err.Error()) // plain data has no such values
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
