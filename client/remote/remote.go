package remote

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"drover/client"
	"drover/fault"
)

// Options say what to connect to.
type Options struct {
	Server    string // https://host[:port]; http:// to loopback alone
	TokenFile string // file with a token of the console
	CAFile    string // PEM file with the authority of the server's certificate; "": the system's
	// ConnectTimeout bounds a connection; 0 means 5 s. ReadTimeout bounds every question; 0 means 30 s.
	ConnectTimeout, ReadTimeout time.Duration
	Version                     string // of the program, for the server's log
	// Pace is how often a sight of an operation is repeated, so that elapsed times advance; 0 means 300 ms. Retry is the pause before
	// a lost connection is retried; 0 means 1 s.
	Pace, Retry time.Duration
}

// Client asks one console. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	token   string
	agent   string
	http    *http.Client
	timeout time.Duration
	pace    time.Duration
	retry   time.Duration

	mu    sync.Mutex
	plans map[string]*client.Operation // ended dry runs by run
}

// Dial checks the options. Nothing is asked yet.
func Dial(o Options) (*Client, error) {
	base, err := address(o.Server)
	if err != nil {
		return nil, err
	}
	token, err := readToken(o.TokenFile)
	if err != nil {
		return nil, err
	}
	trusted, err := authorities(o.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: cmp.Or(o.ConnectTimeout, 5*time.Second)}
	return &Client{
		base: base, token: token, agent: "drover/" + o.Version,
		http: &http.Client{
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: cmp.Or(o.ConnectTimeout, 5*time.Second), TLSClientConfig: &tls.Config{RootCAs: trusted},
			},
			// A token goes to no other address than the one that was given.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout: cmp.Or(o.ReadTimeout, 30*time.Second), pace: cmp.Or(o.Pace, 300*time.Millisecond), retry: cmp.Or(o.Retry, time.Second),
		plans: map[string]*client.Operation{},
	}, nil
}

// Close ends idle connections; operations continue.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Limit sets the time limit of questions.
func (c *Client) Limit(d time.Duration) { c.timeout = d }

// Page is the address of an operation's web page.
func (c *Client) Page(clusterID, runID string) string {
	return c.base.JoinPath("operations", clusterID+"."+runID).String()
}

func address(server string) (*url.URL, error) {
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.RawQuery != "" || base.User != nil {
		return nil, fault.New(fault.Invalid, "the server %q is not an address of the form https://host:port", server)
	}
	host := base.Hostname()
	if ip := net.ParseIP(host); base.Scheme == "http" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fault.New(fault.Invalid, "the server %s is not on loopback, so that the token would cross the network in the clear", server).
			WithHint("use https://%s", base.Host)
	}
	return base, nil
}

func readToken(file string) (string, error) {
	if file == "" {
		return "", fault.New(fault.Invalid, "a server needs a token").
			WithHint("name the file with the token: --token-file or DROVER_TOKEN_FILE; an admin issues tokens on the console's page Tokens")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fault.Wrap(err, fault.Invalid, "cannot read the token file")
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fault.New(fault.Invalid, "%s does not have one token", file)
	}
	return token, nil
}

func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "cannot read the file of certificate authorities")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fault.New(fault.Invalid, "%s has no certificate in PEM form", file)
	}
	return pool, nil
}
