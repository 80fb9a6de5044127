package confd

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// formats say whether a rendered file is well formed (output_format).
var formats = map[string]func(content []byte) error{
	"json": func(content []byte) error {
		var v json.RawMessage
		return json.Unmarshal(content, &v)
	},
	"yaml": yamlFormat,
	"yml":  yamlFormat,
	"toml": tomlFormat,
	"xml":  xmlFormat,
}

// tomlFormat reports the line alone: the library's message quotes the content, which can be a password.
func tomlFormat(content []byte) error {
	var v map[string]any
	err := toml.Unmarshal(content, &v)
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("syntax error in line %d", syntax.Position.Line)
	}
	return err
}

func yamlFormat(content []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var v yaml.Node
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func xmlFormat(content []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(content))
	elements := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if elements == 0 {
				return errors.New("no element")
			}
			return nil
		}
		if err != nil {
			return err
		}
		if _, ok := token.(xml.StartElement); ok {
			elements++
		}
	}
}
