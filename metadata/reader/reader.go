package reader

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// DefaultPrefix is the first part of all of Drover's keys in Consul.
const DefaultPrefix = "drover"

// Options describe the connection to Consul.
type Options struct {
	Addr   string // http://host:port
	Token  string // ACL token; empty without ACLs
	Prefix string // default DefaultPrefix
	// HTTPClient must not have an overall timeout, because blocking queries last minutes. Default: a client that keeps
	// few connections.
	HTTPClient *http.Client
}

// Reader reads metadata from Consul. It is safe for concurrent use. It caches the last tree of each cluster, so that it
// reads only the changes of a new revision.
type Reader struct {
	addr, token, prefix string
	client              *http.Client

	mu      sync.Mutex
	watches map[string]watch
	trees   map[string]*tree
}

// New returns a reader; it does not connect yet.
func New(o Options) *Reader {
	r := &Reader{
		addr: strings.TrimRight(o.Addr, "/"), token: o.Token, prefix: strings.Trim(o.Prefix, "/"), client: o.HTTPClient,
		watches: map[string]watch{}, trees: map[string]*tree{},
	}
	if !strings.Contains(r.addr, "://") {
		r.addr = "http://" + r.addr
	}
	if r.prefix == "" {
		r.prefix = DefaultPrefix
	}
	if r.client == nil {
		r.client = defaultClient()
	}
	return r
}

func defaultClient() *http.Client {
	// A blocking query waits without traffic, so only unanswered probes reveal a dead connection, within 16 s. Without
	// them the answer that Consul sent into it would arrive after the growing pauses of TCP's retransmissions, up to half
	// a minute after the network is back.
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 2,
	}}
	return &http.Client{Transport: &http.Transport{
		DialContext: dialer.DialContext,
		// One connection is mostly held by the blocking query, one serves reads.
		MaxIdleConns: 4, MaxIdleConnsPerHost: 2, IdleConnTimeout: 2 * time.Minute,
		ReadBufferSize: 8 << 10, WriteBufferSize: 2 << 10,
		// Trees are packed already; a second decompression would cost more than the bytes.
		DisableCompression: true,
	}}
}

func (r *Reader) key(clusterID, rest string) string {
	return r.prefix + "/clusters/" + clusterID + "/" + rest
}

// Forget drops the cache of all clusters.
func (r *Reader) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.watches)
	clear(r.trees)
}
