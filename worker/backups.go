package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drover/backup/key"
	"drover/backup/target"
	"drover/fault"
)

// backupSettings are where backups are kept. Without any, they are in a folder of the state folder, under the name "local".
type backupSettings struct {
	// Default is the target of backups that name none; optional when there is one.
	Default string                    `yaml:"default"`
	Targets map[string]targetSettings `yaml:"targets"`
	Key     string                    `yaml:"key"`           // file with age identities that encrypts backups
	Limit   int                       `yaml:"bandwidth_mib"` // MiB per second of all transfers together; 0: no limit
}

// targetSettings are those of one target: dir or s3.
type targetSettings struct {
	Dir string      `yaml:"dir"` // absolute path, the same for all workers
	S3  *s3Settings `yaml:"s3"`
}

type s3Settings struct {
	Endpoint    string `yaml:"endpoint"` // host:port
	Bucket      string `yaml:"bucket"`
	Prefix      string `yaml:"prefix"`
	Region      string `yaml:"region"`
	Insecure    bool   `yaml:"insecure"`    // plain HTTP
	Credentials string `yaml:"credentials"` // file with two lines: access key, secret key
}

// localTarget is the name of the target without settings.
const localTarget = "local"

// check returns the problems of the settings.
func (s backupSettings) check() []string {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(s.Targets)) {
		t := s.Targets[name]
		switch {
		case (t.Dir == "") == (t.S3 == nil):
			problems = append(problems, fmt.Sprintf("backups: target %s needs either dir or s3", name))
		case t.Dir != "" && !filepath.IsAbs(t.Dir):
			problems = append(problems, fmt.Sprintf("backups: dir of target %s must be an absolute path", name))
		case t.S3 != nil && (t.S3.Endpoint == "" || t.S3.Bucket == "" || t.S3.Credentials == ""):
			problems = append(problems, fmt.Sprintf("backups: s3 of target %s needs endpoint, bucket and credentials", name))
		}
	}
	if _, ok := s.Targets[s.Default]; s.Default != "" && !ok {
		problems = append(problems, fmt.Sprintf("backups: default %q is not among the targets", s.Default))
	}
	if s.Default == "" && len(s.Targets) > 1 {
		problems = append(problems, "backups: default is missing, and there are several targets")
	}
	if s.Limit < 0 {
		problems = append(problems, "backups: bandwidth_mib must not be negative")
	}
	return problems
}

// openTargets opens all targets; no server is contacted.
func openTargets(s backupSettings, stateDir string) (targets map[string]target.Target, byDefault string, err error) {
	if len(s.Targets) == 0 {
		s.Targets = map[string]targetSettings{localTarget: {Dir: filepath.Join(stateDir, "backups")}}
	}
	var with *key.Key
	if s.Key != "" {
		if with, err = key.Read(s.Key); err != nil {
			return nil, "", err
		}
	}
	targets = map[string]target.Target{}
	for name, settings := range s.Targets {
		t, err := settings.open()
		if err != nil {
			return nil, "", fault.Wrap(err, fault.Invalid, "target of backups %s", name)
		}
		targets[name] = target.Sealed(target.Limited(t, s.Limit<<20), with)
		if byDefault = s.Default; byDefault == "" {
			byDefault = name
		}
	}
	return targets, byDefault, nil
}

func (t targetSettings) open() (target.Target, error) {
	if t.Dir != "" {
		return target.NewDir(t.Dir)
	}
	info, err := os.Stat(t.S3.Credentials)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "the credentials %s can be read by others", t.S3.Credentials).WithHint("chmod 600 %s", t.S3.Credentials)
	}
	text, err := os.ReadFile(t.S3.Credentials)
	if err != nil {
		return nil, err
	}
	words := strings.Fields(string(text))
	if len(words) != 2 {
		return nil, fault.New(fault.Invalid, "the credentials %s must have two lines: the access key and the secret key", t.S3.Credentials)
	}
	return target.NewS3(target.S3Options{
		Endpoint: t.S3.Endpoint, Bucket: t.S3.Bucket, Prefix: t.S3.Prefix, Region: t.S3.Region, Insecure: t.S3.Insecure,
		AccessKey: words[0], SecretKey: words[1],
	})
}
