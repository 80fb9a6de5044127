package confd

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

var textFunctions = template.FuncMap{
	"base": path.Base, "dir": path.Dir,
	"split": strings.Split, "join": joinTexts, "replace": replace, "contains": strings.Contains,
	"toUpper": strings.ToUpper, "toLower": strings.ToLower,
	"trimSuffix": strings.TrimSuffix, "trimPrefix": strings.TrimPrefix,
	"js": js, "indent": indent, "nindent": nindent, "quote": quote, "squote": squote, "repeat": repeat,
	"atoi": atoi, "parseBool": parseBool,
}

// js escapes for a JavaScript string the way packages know it: unlike today's Go built-in it leaves = and & alone.
func js(args ...any) string {
	text := printed(args)
	var out bytes.Buffer
	for i, r := range text {
		switch {
		case r == '\\' || r == '\'' || r == '"':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '<' || r == '>':
			fmt.Fprintf(&out, `\x%02X`, r)
		case r < ' ':
			fmt.Fprintf(&out, `\u%04X`, r)
		case r == utf8.RuneError:
			_, size := utf8.DecodeRuneInString(text[i:])
			if size == 1 {
				fmt.Fprintf(&out, `\u%04X`, r)
			} else {
				out.WriteRune(r)
			}
		case r >= utf8.RuneSelf && !unicode.IsPrint(r):
			fmt.Fprintf(&out, `\u%04X`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func printed(args []any) string {
	if len(args) == 1 {
		if s, ok := args[0].(string); ok {
			return s
		}
	}
	return fmt.Sprint(args...)
}

func indent(spaces int, text string) (string, error) {
	if spaces < 0 || spaces > maxRepeat {
		return "", fmt.Errorf("cannot indent by %d spaces", spaces)
	}
	if spaces > 0 && strings.Count(text, "\n")+1 > maxValue/spaces {
		return "", beyond("indent would make a value of more than %d MiB", maxValue>>20)
	}
	pad := strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(text, "\n", "\n"+pad), nil
}

func nindent(spaces int, text string) (string, error) {
	out, err := indent(spaces, text)
	return "\n" + out, err
}

func quote(args ...any) string {
	return quoted(args, strconv.Quote)
}

func squote(args ...any) string {
	return quoted(args, func(s string) string { return "'" + s + "'" })
}

func quoted(args []any, around func(string) string) string {
	out := make([]string, 0, len(args))
	for _, arg := range args {
		if arg != nil {
			out = append(out, around(fmt.Sprint(arg)))
		}
	}
	return strings.Join(out, " ")
}

// maxRepeat keeps a typing error in a template from eating the node's memory.
const maxRepeat = 1 << 20

// repeat takes the count first and the text last, so that a text can be piped into it.
func repeat(count int, text string) (string, error) {
	if count < 0 || (len(text) > 0 && count > maxRepeat/len(text)) {
		return "", fmt.Errorf("cannot repeat %d bytes %d times (at most %d bytes in all)", len(text), count, maxRepeat)
	}
	return strings.Repeat(text, count), nil
}

// atoi and parseBool do not repeat the text in their error: it can be a password.
func atoi(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("not a whole number: %w", errors.Unwrap(err))
	}
	return n, nil
}

func parseBool(text string) (bool, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("not a boolean (1, t, true, 0, f, false)")
	}
	return b, nil
}
