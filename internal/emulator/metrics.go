package emulator

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/c88edac7/bytescale-go/internal/fake"
)

// counts are what the emulator counts of its requests, for /metrics. A nil *counts
// counts nothing.
type counts struct {
	mu       sync.Mutex
	requests map[requestKind]int64
	received map[string]int64 // bytes of request bodies, by operation
	sent     map[string]int64 // bytes of the bodies of answers, by operation
	faults   map[string]int64 // scripted faults that hit, by kind
}

type requestKind struct{ operation, status string }

func newCounts() *counts {
	return &counts{
		requests: map[requestKind]int64{}, faults: map[string]int64{},
		received: map[string]int64{}, sent: map[string]int64{},
	}
}

// noOperation is the label of requests that are for no operation.
const noOperation = "none"

// exchange counts a request that the service answered.
func (c *counts) exchange(x fake.Exchange) {
	if c == nil {
		return
	}
	operation := cmp.Or(x.Operation, noOperation)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[requestKind{operation, statusText(x.Status)}]++
	c.received[operation] += x.BytesIn
	c.sent[operation] += x.BytesOut
	if x.Fault != "" {
		c.faults[string(x.Fault)]++
	}
}

// answered counts a request that the emulator answered without the service.
func (c *counts) answered(status int) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[requestKind{noOperation, statusText(status)}]++
}

// statusText returns the status of an answer as logs and metrics name it.
func statusText(status int) string {
	if status == 0 {
		return "cut"
	}
	return strconv.Itoa(status)
}

// withMetrics serves /metrics in the text format of Prometheus. The format is a few
// lines, and a client library would be linked by every test that uses bytescaletest.
func withMetrics(next http.Handler, counted *counts, service *fake.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			next.ServeHTTP(w, r)
			return
		}
		if !isRead(w, r) {
			return
		}
		uploads, err := service.Store().OpenUploads()
		if err != nil {
			http.Error(w, "The store cannot be read.", http.StatusInternalServerError)
			return
		}
		var text metricsText
		counted.write(&text)
		text.family("bytescale_emulator_uploads_in_progress", "gauge", "Uploads that were begun and are not complete.")
		text.sample(int64(uploads))
		stats := service.Stats()
		text.family("bytescale_emulator_open_requests", "gauge", "Requests that are being handled.")
		text.sample(int64(stats.API), "kind", "api")
		text.sample(int64(stats.Downloads), "kind", "download")
		text.sample(int64(stats.Puts), "kind", "part")
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, text.String()) // a client that left needs no answer
	})
}

// isRead reports whether a request is a GET or a HEAD, and refuses others.
func isRead(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	http.Error(w, "Only GET and HEAD are possible here.", http.StatusMethodNotAllowed)
	return false
}

// write adds the counts to a text.
func (c *counts) write(text *metricsText) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text.family("bytescale_emulator_requests_total", "counter", "Requests by operation and status; the status is cut if the connection broke.")
	for _, kind := range slices.SortedFunc(maps.Keys(c.requests), func(a, b requestKind) int {
		return cmp.Or(cmp.Compare(a.operation, b.operation), cmp.Compare(a.status, b.status))
	}) {
		text.sample(c.requests[kind], "operation", kind.operation, "status", kind.status)
	}
	for _, family := range []struct {
		name, help, label string
		values            map[string]int64
	}{
		{"bytescale_emulator_request_bytes_total", "Bytes of request bodies that were read.", "operation", c.received},
		{"bytescale_emulator_response_bytes_total", "Bytes of the bodies of answers.", "operation", c.sent},
		{"bytescale_emulator_faults_total", "Scripted faults that hit a request.", "kind", c.faults},
	} {
		text.family(family.name, "counter", family.help)
		for _, label := range slices.Sorted(maps.Keys(family.values)) {
			text.sample(family.values[label], family.label, label)
		}
	}
}

// metricsText is a text in the format of Prometheus. Labels have values of this
// program only, which need no escaping.
type metricsText struct {
	strings.Builder
	name string // of the family
}

func (t *metricsText) family(name, kind, help string) {
	t.name = name
	fmt.Fprintf(t, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind)
}

// sample adds a value of the family. labels are names and values in turn.
func (t *metricsText) sample(value int64, labels ...string) {
	var pairs []string
	for pair := range slices.Chunk(labels, 2) {
		pairs = append(pairs, pair[0]+`="`+pair[1]+`"`)
	}
	set := strings.Join(pairs, ",")
	if set != "" {
		set = "{" + set + "}"
	}
	fmt.Fprintf(t, "%s%s %d\n", t.name, set, value)
}
