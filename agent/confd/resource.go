package confd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/BurntSushi/toml"
)

// resource is one file of conf.d: what to render, where to, and what to run about it.
type resource struct {
	name string // path below conf.d
	src  string
	dest string
	keys []string

	mode    *uint32 // permission bits; nil leaves an existing file's alone
	uid     *int
	gid     *int
	owner   string
	group   string
	format  string
	check   *template.Template
	reload  string
	spacing time.Duration // min_reload_interval

	checkTimeout  time.Duration
	reloadTimeout time.Duration

	// notes are oddities that work: shown by check-config and logged once.
	notes []string
}

// resourceFile is the TOML; field names match without regard to case, unknown ones are ignored.
type resourceFile struct {
	Template *struct {
		Src               string   `toml:"src"`
		Dest              string   `toml:"dest"`
		Keys              []string `toml:"keys"`
		Prefix            string   `toml:"prefix"`
		Mode              string   `toml:"mode"`
		UID               *int     `toml:"uid"`
		GID               *int     `toml:"gid"`
		Owner             string   `toml:"owner"`
		Group             string   `toml:"group"`
		CheckCmd          string   `toml:"check_cmd"`
		ReloadCmd         string   `toml:"reload_cmd"`
		OutputFormat      string   `toml:"output_format"`
		MinReloadInterval span     `toml:"min_reload_interval"`
		CheckCmdTimeout   span     `toml:"check_cmd_timeout"`
		ReloadCmdTimeout  span     `toml:"reload_cmd_timeout"`
	} `toml:"template"`
}

// span is a duration: "90s", or a number of seconds.
type span time.Duration

// UnmarshalTOML implements toml.Unmarshaler.
func (s *span) UnmarshalTOML(value any) error {
	var d time.Duration
	var err error
	switch v := value.(type) {
	case int64:
		d = time.Duration(v) * time.Second
		if v > int64(365*24*time.Hour/time.Second) {
			err = errors.New("too long")
		}
	case string:
		if seconds, notNumber := strconv.ParseUint(v, 10, 31); notNumber == nil {
			d = time.Duration(seconds) * time.Second
		} else if v != "" {
			d, err = time.ParseDuration(v)
		}
	default:
		err = fmt.Errorf("a %T", value)
	}
	if err != nil || d < 0 {
		return fmt.Errorf("duration %v: want a text like \"30s\" or a number of seconds", value)
	}
	*s = span(d)
	return nil
}

// parseResource reads a resource file. All problems come at once.
func parseResource(name string, text []byte) (*resource, error) {
	var file resourceFile
	meta, err := toml.Decode(string(text), &file)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return nil, &lineError{syntax.Position.Line, syntax.Message}
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "toml: "))
	}
	t := file.Template
	if t == nil {
		return nil, errors.New("no [template] table")
	}
	r := &resource{
		name: name, src: t.Src, dest: t.Dest, keys: t.Keys, uid: t.UID, gid: t.GID, owner: t.Owner, group: t.Group,
		format: strings.ToLower(t.OutputFormat), reload: t.ReloadCmd, spacing: time.Duration(t.MinReloadInterval),
		checkTimeout: time.Duration(t.CheckCmdTimeout), reloadTimeout: time.Duration(t.ReloadCmdTimeout),
	}
	var problems []error
	if r.src == "" {
		problems = append(problems, errors.New("src is missing"))
	}
	switch {
	case r.dest == "":
		problems = append(problems, errors.New("dest is missing"))
	case strings.HasSuffix(r.dest, "/"):
		problems = append(problems, fmt.Errorf("dest %q is a folder", r.dest))
	case !filepath.IsAbs(r.dest):
		r.note("dest %q is not absolute and is taken from /", r.dest)
	}
	r.dest = filepath.Clean("/" + r.dest)
	if err := r.parseMode(t.Mode); err != nil {
		problems = append(problems, err)
	}
	r.uid, r.gid = unlessUnset(r.uid), unlessUnset(r.gid)
	if r.format != "" && formats[r.format] == nil {
		problems = append(problems, fmt.Errorf("output_format %q is unknown (json, yaml, toml, xml)", t.OutputFormat))
	}
	if t.CheckCmd != "" {
		if r.check, err = template.New("check_cmd").Parse(t.CheckCmd); err != nil {
			problems = append(problems, fmt.Errorf("check_cmd: %w", err))
		}
	}
	if len(r.keys) == 0 {
		r.note("keys is empty: the template sees no key at all")
	}
	for _, key := range meta.Undecoded() {
		r.note("field %s is unknown and ignored", key)
	}
	slices.Sort(r.notes)
	return r, errors.Join(problems...)
}

func (r *resource) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// unlessUnset: -1 is how some packages write "not set".
func unlessUnset(id *int) *int {
	if id != nil && *id < 0 {
		return nil
	}
	return id
}

// parseMode reads the number as Go writes them: "0644" is octal, "0x1a4" hexadecimal and "644" decimal, which is
// accepted because packages ship it, but hardly ever meant.
func (r *resource) parseMode(text string) error {
	if text == "" {
		return nil
	}
	value, err := strconv.ParseUint(text, 0, 32)
	if err != nil {
		return fmt.Errorf("mode %q is not a number like \"0644\"", text)
	}
	bits := uint32(value) & 0o777
	if text[0] != '0' {
		r.note("mode %q has no leading 0, so it is decimal and means %#o; write \"0%s\"", text, bits, text)
	} else if uint64(bits) != value {
		r.note("mode %q: only the permission bits %#o are set", text, bits)
	}
	r.mode = &bits
	return nil
}
