package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"drover/agent/api"
	"drover/durable"
)

// SharedEtc are the host's public files under /etc that programs in /usr do not work without. They appear read-only in
// every node whose image does not bring its own. Patterns as in filepath.Glob.
var SharedEtc = []string{
	"/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust",
	"/etc/ca-certificates", "/etc/crypto-policies", "/etc/ld.so.cache", "/etc/services", "/etc/protocols",
	"/etc/java-*-openjdk", "/etc/python3", "/etc/perl", "/etc/mime.types",
}

// instanceMark holds the id of the instance the root was furnished for. Another one (an image made from a node) means
// that keys in it are not this node's.
const instanceMark = "/etc/drover/instance-id"

var folders = []struct {
	path string
	mode fs.FileMode
}{
	{"/data", 0o755}, {"/home", 0o755}, {"/media", 0o755}, {"/mnt", 0o755}, {"/opt", 0o755}, {"/root", 0o700},
	{"/srv", 0o755}, {"/sys", 0o555}, {"/tmp", 0o777 | fs.ModeSticky}, {"/var/tmp", 0o777 | fs.ModeSticky},
	{"/var/cache", 0o755}, {"/var/lib", 0o755}, {"/var/log", 0o755}, {"/var/spool", 0o755}, {"/var/empty", 0o755},
	{"/etc/drover/services", 0o755}, {"/etc/ssh", 0o755}, {"/etc/pam.d", 0o755}, {"/etc/profile.d", 0o755},
	{"/root/.ssh", 0o700}, {"/run/lock", 0o777 | fs.ModeSticky}, {"/run/sshd", 0o755}, {"/run/drover", 0o755},
}

// defaults are the files of a small machine; an image's own win.
var defaults = []struct {
	path, text string
	mode       fs.FileMode
}{
	{"/etc/passwd", `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
mail:x:8:8:mail:/var/mail:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
sshd:x:105:65534:sshd:/run/sshd:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`, 0o644},
	{"/etc/group", `root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
adm:x:4:
tty:x:5:
disk:x:6:
mail:x:8:
www-data:x:33:
utmp:x:43:
staff:x:50:
users:x:100:
nogroup:x:65534:
`, 0o644},
	{"/etc/shadow", "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\nnobody:*:19000:0:99999:7:::\n", 0o600},
	{"/etc/gshadow", "root:*::\n", 0o600},
	{"/etc/login.defs", "UID_MIN 1000\nUID_MAX 60000\nSYS_UID_MIN 100\nSYS_UID_MAX 999\nGID_MIN 1000\nGID_MAX 60000\nSYS_GID_MIN 100\nSYS_GID_MAX 999\nENCRYPT_METHOD SHA512\nUSERGROUPS_ENAB yes\n", 0o644},
	{"/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n", 0o644},
	{"/etc/profile", "export " + path + "\nfor f in /etc/profile.d/*.sh; do [ -r \"$f\" ] && . \"$f\"; done\nunset f\n", 0o644},
	{"/etc/shells", "/bin/sh\n/bin/bash\n", 0o644},
	{"/etc/host.conf", "multi on\n", 0o644},
	// Root may become any user (su, runuser), others may not.
	{"/etc/pam.d/other", "auth sufficient pam_rootok.so\nauth required pam_deny.so\naccount required pam_permit.so\npassword required pam_deny.so\nsession required pam_permit.so\n", 0o644},
}

// furnish gives the root, which it runs in, what a small machine has.
func furnish(s Spec, hostKey, resolver []byte) error {
	for _, f := range folders {
		if err := os.MkdirAll(f.path, 0o755); err != nil {
			return fmt.Errorf("furnish: %w", err)
		}
		if f.path == "/sys" {
			continue
		}
		if err := os.Chmod(f.path, f.mode); err != nil {
			return fmt.Errorf("furnish: %w", err)
		}
	}
	for _, f := range defaults {
		if _, err := os.Lstat(f.path); errors.Is(err, fs.ErrNotExist) {
			if err := replaceFile(f.path, []byte(f.text), f.mode); err != nil {
				return err
			}
		}
	}
	for _, l := range []usrLink{{"/etc/os-release", "../usr/lib/os-release"}, {"/etc/mtab", "../proc/self/mounts"}, {"/var/run", "/run"}, {"/var/lock", "/run/lock"}} {
		if err := os.Symlink(l.target, l.name); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("furnish: %w", err)
		}
	}
	hosts := fmt.Sprintf("127.0.0.1 localhost\n::1 localhost ip6-localhost\n%s %s metadata\n", s.IP, s.Instance)
	for _, f := range []struct{ path, text string }{{"/etc/hostname", s.Instance + "\n"}, {"/etc/hosts", hosts}, {"/etc/resolv.conf", string(resolver)}} {
		if err := replaceFile(f.path, []byte(f.text), 0o644); err != nil {
			return err
		}
	}
	return furnishKeys(s, hostKey)
}

// furnishKeys installs the host key, and the authorized key: alone on the first boot (an image's keys open nothing), and
// added if it went missing on later ones (nodes may have learnt other keys since).
func furnishKeys(s Spec, hostKey []byte) error {
	if err := replaceFile("/etc/ssh/ssh_host_ed25519_key", hostKey, 0o600); err != nil {
		return err
	}
	if err := replaceFile(api.OperatorKeys, []byte(strings.TrimSpace(s.AuthorizedKey)+"\n"), 0o600); err != nil {
		return err
	}
	const file = "/root/.ssh/authorized_keys"
	var keys []byte
	mark, _ := os.ReadFile(instanceMark)
	if string(mark) == s.Instance {
		keys, _ = os.ReadFile(file)
	}
	line := strings.TrimSpace(s.AuthorizedKey)
	known := false
	for l := range bytes.Lines(keys) {
		known = known || string(bytes.TrimSpace(l)) == line
	}
	if !known {
		if len(keys) > 0 && keys[len(keys)-1] != '\n' {
			keys = append(keys, '\n')
		}
		keys = append(append(keys, line...), '\n')
		if err := replaceFile(file, keys, 0o600); err != nil {
			return err
		}
	}
	if string(mark) == s.Instance {
		return nil
	}
	return replaceFile(instanceMark, []byte(s.Instance), 0o644)
}

// replaceFile writes a whole new file, whatever existed there, so that a node that dies meanwhile keeps the old one.
func replaceFile(name string, text []byte, mode fs.FileMode) error {
	if err := durable.Replace(name, text, mode); err != nil {
		return fmt.Errorf("furnish: %w", err)
	}
	return nil
}

// hostResolver is the host's resolv.conf: nodes share its network and so its resolver.
func hostResolver() ([]byte, error) {
	text, err := os.ReadFile("/etc/resolv.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}
