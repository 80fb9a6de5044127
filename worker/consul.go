package main

import (
	"fmt"
	"os"
	"strings"

	consul "github.com/hashicorp/consul/api"
)

// consulWith returns a client for Consul from Consul's environment variables, and its configuration. The token is read
// from tokenFile if set, otherwise from the variables. A token file that other users can read is refused.
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
		return "", fmt.Errorf("%s: mode %04o lets other users read the token; correct it with: chmod 600 %s", path, info.Mode().Perm(), path)
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
