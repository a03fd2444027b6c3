package bytescale

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/rest"
	"github.com/c88edac7/bytescale-go/internal/source"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// memoryService is a service in memory, for tests of the engine without HTTP. Its calls count
// against the limits of the client, as those over HTTP do.
type memoryService struct {
	limits   *limits.Limits
	partSize int64
	latency  time.Duration // of each API call
	speed    int64         // bytes per second over all PUTs; 0 for no limit
	discard  bool          // stores nothing

	begun gen.EpochMillis // the time of the file in the begin answer
	found *transfer.File  // what Stat returns; nil for the truth

	// extra, if set, is a latency of its own for some calls.
	extra func(op string, index int64) time.Duration

	// fail, if set, is called before each call and may return an error for it.
	fail func(op string, index int64, nth int) error

	mu       sync.Mutex
	size     int64
	parts    map[int64][]byte
	done     map[int64]bool
	calls    map[string]int
	linkFree time.Time
	gauge    *gauge
}

// gauge counts what is in flight, and keeps the maximum. Several services may share one.
type gauge struct {
	mu                sync.Mutex
	inFlight, highest map[string]int
}

func newGauge() *gauge { return &gauge{inFlight: map[string]int{}, highest: map[string]int{}} }

func (g *gauge) add(op string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight[op] += n
	g.highest[op] = max(g.highest[op], g.inFlight[op])
	if op != operation.PutPart {
		g.inFlight["api"] += n
		g.highest["api"] = max(g.highest["api"], g.inFlight["api"])
	}
}

const memoryUpload = "Kd759aLFxttm69kZ"

func newMemoryClient(partSize int64, puts, calls int) (*Client, *memoryService) {
	return newMemoryClientWith(limits.New(puts, calls, 1e6, nil), partSize)
}

func newMemoryClientWith(l *limits.Limits, partSize int64) (*Client, *memoryService) {
	m := &memoryService{
		limits: l, partSize: partSize, parts: map[int64][]byte{}, done: map[int64]bool{},
		calls: map[string]int{}, gauge: newGauge(),
	}
	c := &Client{
		accountID: "A623uY2",
		apiURL:    &url.URL{Scheme: "https", Host: "api.example.com"},
		limits:    l,
		rest:      rest.New(rest.Config{}),
	}
	c.checkpointKey, _ = newCheckpointKey(testKey)
	c.engine = c.newEngine(source.NewBudget(defaultBudget))
	c.uploadBy(m)
	return c, m
}

// enter counts a call and returns its error, if it is to fail.
func (m *memoryService) enter(op string, index int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls[op]++
	m.gauge.add(op, 1)
	if m.fail == nil {
		return nil
	}
	return m.fail(op, index, m.calls[op])
}

func (m *memoryService) leave(op string) { m.gauge.add(op, -1) }

func (m *memoryService) api(ctx context.Context, op string, index int64, work func() error) error {
	release, err := m.limits.Call(ctx)
	if err != nil {
		return err
	}
	defer release()
	err = m.enter(op, index)
	defer m.leave(op)
	latency := m.latency
	if m.extra != nil {
		latency += m.extra(op, index)
	}
	if waitErr := pause(ctx, latency); waitErr != nil {
		return waitErr
	}
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return work()
}

func (m *memoryService) count() int64 {
	return max(1, (m.size+m.partSize-1)/m.partSize)
}

func (m *memoryService) describe(index int64) transfer.Part {
	start := index * m.partSize
	return transfer.Part{
		UploadID: memoryUpload, Index: index,
		URL:   &url.URL{Scheme: "https", Host: "storage.example.com", Path: fmt.Sprintf("/%d", index)},
		Start: start, End: min(m.size, start+m.partSize) - 1,
	}
}

func (m *memoryService) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (answer *begun, err error) {
	err = m.api(ctx, operation.BeginMultipartUpload, -1, func() error {
		m.size = request.Size
		answer = &begun{
			uploadID: memoryUpload,
			file:     gen.FileDetails{FilePath: "/uploads/file.bin", Size: request.Size, LastModified: m.begun},
			count:    m.count(),
			first:    m.describe(0),
		}
		return nil
	})
	return answer, err
}

func (m *memoryService) store(ctx context.Context, filePath, _ string, size int64, body func() (io.ReadCloser, error)) (StoredFile, error) {
	err := m.api(ctx, operation.BasicUpload, -1, func() error {
		r, err := body()
		if err != nil {
			return err
		}
		defer r.Close()
		content, err := io.ReadAll(r)
		m.size, m.parts[0], m.done[0] = size, content, true
		return err
	})
	return StoredFile{FilePath: filePath, ETag: "whole"}, err
}

func (m *memoryService) GetPart(ctx context.Context, _ string, index int64) (got transfer.Part, err error) {
	err = m.api(ctx, operation.GetUploadPart, index, func() error {
		got = m.describe(index)
		return nil
	})
	return got, err
}

func (m *memoryService) ListParts(ctx context.Context, _ string) (todo []int64, err error) {
	err = m.api(ctx, operation.ListUploadParts, -1, func() error {
		for i := range m.count() {
			if !m.done[i] {
				todo = append(todo, i)
			}
		}
		return nil
	})
	return todo, err
}

func (m *memoryService) CompletePart(ctx context.Context, _ string, index int64, etag string) (answer transfer.Completion, err error) {
	err = m.api(ctx, operation.CompleteUploadPart, index, func() error {
		if etag != etagOf(m.parts[index]) {
			return &APIError{Operation: operation.CompleteUploadPart, Status: http.StatusBadRequest, Code: "wrong_etag"}
		}
		m.done[index] = true
		if int64(len(m.done)) == m.count() {
			answer = transfer.Completion{Completed: true, ETag: "whole"}
		}
		return nil
	})
	return answer, err
}

func (m *memoryService) Stat(ctx context.Context, filePath string) (found transfer.File, err error) {
	err = m.api(ctx, operation.GetFileDetails, -1, func() error {
		found = transfer.File{Path: filePath, Size: m.size, ETag: "whole", Modified: time.UnixMilli(0)}
		if m.found != nil {
			found = *m.found
		}
		return nil
	})
	return found, err
}

func (m *memoryService) PutPart(ctx context.Context, to *url.URL, size int64, body func() (io.ReadCloser, error)) (string, error) {
	var index int64
	if _, err := fmt.Sscanf(to.String(), "https://storage.example.com/%d", &index); err != nil {
		return "", err
	}
	if err := m.enter(operation.PutPart, index); err != nil {
		m.leave(operation.PutPart)
		return "", err
	}
	defer m.leave(operation.PutPart)
	r, err := body()
	if err != nil {
		return "", err
	}
	defer r.Close()
	var content []byte
	if m.discard {
		_, err = io.Copy(io.Discard, r)
	} else {
		content, err = io.ReadAll(r)
	}
	if err != nil {
		return "", err
	}
	if err := m.travel(ctx, size); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.parts[index] = content
	return etagOf(content), nil
}

// travel waits as long as n bytes take on a link that all PUTs share.
func (m *memoryService) travel(ctx context.Context, n int64) error {
	if m.speed == 0 {
		return ctx.Err()
	}
	m.mu.Lock()
	now := time.Now()
	if m.linkFree.Before(now) {
		m.linkFree = now
	}
	m.linkFree = m.linkFree.Add(time.Duration(n) * time.Second / time.Duration(m.speed))
	arrives := m.linkFree.Sub(now)
	m.mu.Unlock()
	return pause(ctx, arrives)
}

func etagOf(content []byte) string {
	return fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(content)))
}

// stored returns the content of the file that the service has.
func (m *memoryService) stored() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	var content []byte
	for i := range m.count() {
		content = append(content, m.parts[i]...)
	}
	return content
}

// exists reports whether all parts are complete, so that the file exists.
func (m *memoryService) exists() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.done)) == m.count()
}
