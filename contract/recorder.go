package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// CoverageEnv is the environment variable that [RecorderFromEnv] reads. It names the directory in which
// coverage is collected.
const CoverageEnv = "BYTESCALE_CONTRACT_COVERAGE"

// A Recorder records which points of a document were exercised by exchanges without a violation. The
// request of an exchange counts only if the response was a success, because otherwise the service may
// have refused it. A nil Recorder records nothing. A Recorder is safe for concurrent use.
type Recorder struct {
	mu   sync.Mutex
	dir  string
	file *os.File // created with the first point
	seen map[point]bool
	err  error
}

// point is one thing that can be exercised.
type point struct {
	Operation string `json:"operation"`
	Kind      Kind   `json:"kind"`
	Value     string `json:"value"`
}

// NewRecorder returns a recorder that writes to a file of its own in a directory, which it creates if
// necessary. Any number of processes may use the same directory; [Document.ReadCoverage] reads all
// their files. With an empty dir the recorder keeps everything in memory.
func NewRecorder(dir string) (*Recorder, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("contract coverage: %w", err)
		}
	}
	return &Recorder{dir: dir, seen: map[point]bool{}}, nil
}

// RecorderFromEnv returns a recorder for the directory in [CoverageEnv], or nil if it is not set.
func RecorderFromEnv() (*Recorder, error) {
	dir := os.Getenv(CoverageEnv)
	if dir == "" {
		return nil, nil
	}
	return NewRecorder(dir)
}

// Close closes the file of the recorder and returns the first error of writing to it. Points that are
// recorded after Close are kept in memory only.
func (r *Recorder) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dir = ""
	if r.file == nil {
		return r.err
	}
	err := errors.Join(r.err, r.file.Close())
	r.file = nil
	return err
}

// note records a validated exchange.
func (r *Recorder) note(x *exchange, a answer, requestValid, responseValid bool) {
	if r == nil || !responseValid || a.key == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(point{x.operation.id, KindResponse, responseValue(a.key, a.media)})
	if !requestValid || a.status >= 400 {
		return
	}
	r.add(point{x.operation.id, KindRequest, requestValue(x.media)})
	r.add(point{x.operation.id, KindSecurity, x.security})
	for _, name := range x.given {
		r.add(point{x.operation.id, KindParameter, name})
	}
}

func (r *Recorder) add(p point) {
	if r.seen[p] {
		return
	}
	r.seen[p] = true
	if r.dir == "" || r.err != nil {
		return
	}
	if r.file == nil {
		if r.file, r.err = os.CreateTemp(r.dir, "coverage-*"+coverageSuffix); r.err != nil {
			return
		}
	}
	line, _ := json.Marshal(p) // strings only
	_, r.err = r.file.Write(append(line, '\n'))
}

func requestValue(media string) string {
	if media == "" {
		return "no body"
	}
	return media
}

func responseValue(key, media string) string {
	if media == "" {
		return key
	}
	return key + " " + media
}
