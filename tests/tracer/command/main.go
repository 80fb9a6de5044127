// Command tracer is every command of a traced application: it reports to the test who it is and what it sees, and ends as
// the answer says.
//
//	tracer COMMAND [ARGUMENT...]
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"drover/tests/tracer"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: tracer COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tracer:", err)
		os.Exit(97)
	}
	os.Exit(code)
}

func run(command string, args []string) (int, error) {
	e := tracer.Event{Command: command, Args: args, Path: os.Getenv("PATH"), UID: os.Getuid()}
	var err error
	if e.Dir, err = os.Getwd(); err != nil {
		return 0, err
	}
	collector, err := word(tracer.CollectorFile)
	if err != nil {
		return 0, err
	}
	if e.Image, err = word(tracer.ImageFile); err != nil {
		return 0, err
	}
	if e.Seen, err = seen(); err != nil {
		return 0, err
	}
	e.Cluster, e.Node, e.Instance = e.Seen["/cluster/cluster_id"], e.Seen["/host/node_id"], e.Seen["/host/instance_id"]
	e.Role, e.SID = e.Seen["/host/role"], e.Seen["/host/sid"]
	if e.Live, err = live(); err != nil {
		e.LiveError = err.Error()
	}
	if command != tracer.Reload { // reloads may come at any time
		if e.Volume, err = note(tracer.VolumeLog, command); err != nil {
			return 0, err
		}
		if e.Root, err = note(tracer.RootLog, command); err != nil {
			return 0, err
		}
	}
	var a tracer.Answer
	if err := post("http://"+collector+tracer.BeginPath, e, &a); err != nil {
		return 0, err
	}
	fmt.Fprint(os.Stdout, a.Stdout)
	fmt.Fprint(os.Stderr, a.Stderr)
	return a.Exit, post("http://"+collector+tracer.EndPath, tracer.End{ID: a.ID}, nil)
}

func word(file string) (string, error) {
	data, err := os.ReadFile(file)
	return strings.TrimSpace(string(data)), err
}

// seen reads the rendered file: a JSON list of keys and values for every depth of the tree.
func seen() (map[string]string, error) {
	data, err := os.ReadFile(tracer.SeenFile)
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var pairs []struct{ Key, Value string }
		if err := d.Decode(&pairs); errors.Is(err, io.EOF) {
			return keys, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", tracer.SeenFile, err)
		}
		for _, p := range pairs {
			keys[p.Key] = p.Value
		}
	}
}

// live asks the node's metadata HTTP for the same keys.
func live() (map[string]string, error) {
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Get("http://metadata/self")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metadata answers %s: %s", res.Status, body)
	}
	keys := map[string]string{}
	for line := range strings.Lines(string(body)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		keys[key] = value
	}
	return keys, nil
}

// note appends a command to a log and returns what was there before. It does nothing where there is no folder for the log.
func note(file, command string) ([]string, error) {
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(f, command)
	return strings.Fields(string(before)), errors.Join(err, f.Close())
}

func post(url string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	res, err := http.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the collector answers %s", res.Status)
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(answer)
}
