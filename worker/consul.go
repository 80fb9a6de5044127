package main

import (
	"fmt"
	"os"
	"strings"

	consul "github.com/hashicorp/consul/api"
)

// consulWith makes the client of Consul that its own variables describe. The token is that of tokenFile, or of the file
// or value the variables name; the configuration has it. A file others can read is refused.
func consulWith(tokenFile string) (*consul.Client, *consul.Config, error) {
	cfg := consul.DefaultConfig()
	if tokenFile != "" {
		cfg.TokenFile = tokenFile
	}
	if cfg.TokenFile != "" {
		token, err := readToken(cfg.TokenFile)
		if err != nil {
			return nil, nil, fmt.Errorf("consul token: %w", err)
		}
		cfg.Token = token
	}
	client, err := consul.NewClient(cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("consul: %w", err)
	}
	return client, cfg, nil
}

func readToken(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: mode is %04o and others can read the token; set it right with: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return token, nil
}
