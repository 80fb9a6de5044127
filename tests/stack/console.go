package stack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"drover/starter/process"
)

// StartConsole runs drover-console and waits until it answers. A console that ran before keeps its port.
func (s *Stack) StartConsole(ctx context.Context) error {
	if s.console == nil {
		if err := s.defineConsole(); err != nil {
			return err
		}
	}
	if err := os.Remove(s.linkFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.console.Args = append([]string{
		"--listen", loopback(s.consolePort), "--state-dir", filepath.Join(s.Dir, "console"), "--link-file", s.linkFile(),
	}, s.ConsoleFlags...)
	if err := s.console.Start(); err != nil {
		return err
	}
	if err := s.console.WaitReady(ctx); err != nil {
		return err
	}
	s.say("drover-console answers at %s", s.console.Address)
	return nil
}

func (s *Stack) defineConsole() error {
	ports, err := process.FreePorts(s.wanted(s.last.Console, 7680))
	if err != nil {
		return err
	}
	s.consolePort = ports[0]
	if err := s.save(); err != nil {
		return err
	}
	s.console = s.keep(&process.Process{
		Name: "drover-console", Path: s.Binary("drover-console"), Address: s.ConsoleURL(), Ready: s.answers, Env: s.Env(),
	})
	return nil
}

// answers says whether the console serves, and has written its link.
func (s *Stack) answers(ctx context.Context) error {
	if _, err := s.ConsoleLink(); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.ConsoleURL()+"/v1/about", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the console answers %s", answer.Status)
	}
	return nil
}

// ConsoleURL is where the console answers; "" before one was started.
func (s *Stack) ConsoleURL() string {
	if s.consolePort == 0 {
		return ""
	}
	return "http://" + loopback(s.consolePort)
}

// ConsoleLink is the link that logs in once, of the console that was started last.
func (s *Stack) ConsoleLink() (string, error) {
	text, err := os.ReadFile(s.linkFile())
	if err != nil {
		return "", err
	}
	link := strings.TrimSpace(string(text))
	if link == "" {
		return "", errors.New("the link is not written yet")
	}
	return link, nil
}

// KillConsole ends the console without warning.
func (s *Stack) KillConsole() error {
	if s.console == nil {
		return nil
	}
	return s.console.Kill()
}

func (s *Stack) linkFile() string { return filepath.Join(s.Dir, "console-link") }
