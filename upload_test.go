package bytescale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/limits"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

func TestUploadSourcesAndSizes(t *testing.T) {
	t.Parallel()
	const partSize = 1000
	for _, size := range []int{0, 1, partSize - 1, partSize, partSize + 1, 7*partSize + 3} {
		data := content(size)
		for name, source := range sources(t, data) {
			t.Run(fmt.Sprintf("%s/%d", name, size), func(t *testing.T) {
				t.Parallel()
				c, m := newMemoryClient(partSize, 3, 8)
				file := mustUpload(t, c, m, source(), data)
				if file.ETag != "whole" || file.FilePath != "/uploads/file.bin" {
					t.Errorf("details %+v", file)
				}
			})
		}
	}
}

// TestPipeline checks the time of an upload against the formula of docs/performance.md:
// max(time of the bytes, 2·P·L/A, (2·P − R/4)/R) + 4·L.
func TestPipeline(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{1e6, defaultRate} {
		for _, calls := range []int{8, 16, 32, 64} {
			for _, parts := range []int{1, 2, 3, 9, 100, 1001} {
				for _, transfer := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
					for _, kind := range []string{"Bytes", "Reader"} {
						t.Run(fmt.Sprintf("%s/R=%v/A=%d/P=%d/%v", kind, rate, calls, parts, transfer), func(t *testing.T) {
							t.Parallel()
							synctest.Test(t, func(t *testing.T) { testPipeline(t, kind, rate, calls, parts, transfer) })
						})
					}
				}
			}
		}
	}
}

func testPipeline(t *testing.T, kind string, rate float64, calls, parts int, transfer time.Duration) {
	const partSize, latency = 100, 50 * time.Millisecond
	data := content(parts * partSize)
	c, m := newMemoryClientWith(limits.New(8, calls, rate, nil), partSize)
	m.latency = latency
	if transfer > 0 {
		m.speed = int64(partSize * time.Second / transfer)
	}
	began := time.Now()
	mustUpload(t, c, m, sources(t, data)[kind](), data)
	bytesTime := time.Duration(parts) * transfer
	callsTime := 2 * time.Duration(parts) * latency / time.Duration(calls)
	rateTime := time.Duration((2*float64(parts) - rate/4) / rate * float64(time.Second))
	if took, most := time.Since(began), max(bytesTime, callsTime, rateTime)+4*latency; took > most {
		t.Errorf("took %v, promised are %v", took, most)
	}
	if got := m.gauge.highest[operation.PutPart]; got > 64 {
		t.Errorf("%d small PUTs in flight", got)
	}
}

func TestUploadsShareTheLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const uploads, puts, calls, partSize, size = 1000, 4, 16, 1 << 20, 3 << 20
		shared := limits.New(puts, calls, defaultRate, nil)
		all := newGauge()
		began := time.Now()
		done := make(chan error, uploads)
		for range uploads {
			c, m := newMemoryClientWith(shared, partSize)
			m.gauge = all
			m.latency, m.discard, m.speed = 10*time.Millisecond, true, 1<<30
			go func() {
				_, err := c.Upload(context.Background(), ReaderAt(zeros(size), size))
				if err == nil && !m.exists() {
					err = errors.New("not complete")
				}
				done <- err
			}()
		}
		for range uploads {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if all.highest[operation.PutPart] != puts || all.highest["api"] != calls {
			t.Errorf("at the most %d PUTs and %d API calls in flight, want %d and %d", all.highest[operation.PutPart], all.highest["api"], puts, calls)
		}
		const callsMade = uploads * (1 + 2 + 3)
		if least := time.Duration((callsMade - defaultRate/4) / defaultRate * float64(time.Second)); time.Since(began) < least {
			t.Errorf("%d calls in %v, the pace allows that in %v", callsMade, time.Since(began), least)
		}
	})
}

// zeros is a source of so many zero bytes.
type zeros int64

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), max(0, int64(z)-off)))
	clear(p[:n])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func TestLastCompletionWaitsForTheSource(t *testing.T) {
	t.Parallel()
	path := writeTemp(t, content(5000))
	c, m := newMemoryClient(1000, 2, 8)
	m.fail = func(op string, _ int64, nth int) error {
		if op == operation.CompleteUploadPart && nth == 3 {
			// The file changes while its last parts are sent.
			later := time.Now().Add(time.Hour)
			if err := os.Chtimes(path, later, later); err != nil {
				t.Error(err)
			}
		}
		return nil
	}
	_, err := c.Upload(t.Context(), File(path))
	if !errors.Is(err, ErrSourceChanged) {
		t.Errorf("%v, want ErrSourceChanged", err)
	}
	if m.exists() {
		t.Error("the file came into being")
	}
	if got := m.calls[operation.CompleteUploadPart]; got != 4 {
		t.Errorf("%d completions were sent, want all but the last", got)
	}
}

func TestLastCompletionWaitsForTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 8, 8)
		m.extra = func(op string, index int64) time.Duration {
			if op == operation.CompleteUploadPart && index == 1 {
				return time.Minute
			}
			return 0
		}
		m.fail = func(op string, _ int64, nth int) error {
			if op == operation.CompleteUploadPart && nth == 5 && len(m.done) != 4 {
				t.Errorf("the last completion was sent when %d of the 4 others were confirmed", len(m.done))
			}
			return nil
		}
		data := content(5000)
		mustUpload(t, c, m, Bytes(data), data)
	})
}

func TestUploadErrorFields(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	m.fail = func(op string, index int64, _ int) error {
		if op == operation.PutPart && index == 2 {
			return &APIError{Operation: operation.PutPart, Status: http.StatusRequestEntityTooLarge}
		}
		return nil
	}
	_, err := c.Upload(t.Context(), Bytes(content(5000)))
	var failed *UploadError
	if !errors.As(err, &failed) {
		t.Fatalf("%v is not an UploadError", err)
	}
	if failed.UploadID != memoryUpload || failed.Part != 2 || failed.Start != 2000 || failed.End != 2999 || failed.Attempts != 1 {
		t.Errorf("%+v", failed)
	}
	if failed.Checkpoint == nil || failed.Checkpoint.UploadID() != memoryUpload || failed.Checkpoint.state.PartCount != 5 {
		t.Errorf("checkpoint %+v", failed.Checkpoint)
	}
	if m.exists() {
		t.Error("the file came into being")
	}
}

// Attempts counts those of the step that failed, which may be a call about the part.
func TestUploadErrorCountsTheStepThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		m.fail = func(op string, index int64, _ int) error {
			switch {
			case op == operation.ListUploadParts:
				return &APIError{Operation: operation.ListUploadParts, Status: http.StatusServiceUnavailable}
			case op == operation.CompleteUploadPart && index == 2:
				return &APIError{Operation: operation.CompleteUploadPart, Status: http.StatusBadGateway}
			case op == operation.GetFileDetails:
				return &APIError{Operation: operation.GetFileDetails, Status: http.StatusNotFound}
			}
			return nil
		}
		c.engine.Retries.MaxAttempts = 5
		_, err := c.Upload(t.Context(), Bytes(content(5000)))
		var failed *UploadError
		if !errors.As(err, &failed) {
			t.Fatalf("%v is not an UploadError", err)
		}
		if failed.Part != 2 || failed.Attempts != 5 {
			t.Errorf("%+v, want 5 attempts", failed)
		}
	})
}

func TestCancelStopsEverything(t *testing.T) {
	t.Parallel()
	for _, op := range []string{operation.BeginMultipartUpload, operation.GetUploadPart, operation.PutPart, operation.CompleteUploadPart} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				m.latency = time.Second
				ctx, cancel := context.WithCancel(t.Context())
				m.fail = func(at string, _ int64, _ int) error {
					if at == op {
						cancel()
					}
					return nil
				}
				_, err := c.Upload(ctx, Bytes(content(50_000)))
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v does not wrap context.Canceled", err)
				}
				for op, n := range m.gauge.inFlight {
					if n != 0 {
						t.Errorf("%d calls of %s are under way after the return", n, op)
					}
				}
			}) // synctest fails if a goroutine is left
		})
	}
}

// The error tells both if a part failed while the caller gave up.
func TestFailureAndCancelBothHold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused := &APIError{Operation: operation.PutPart, Status: http.StatusRequestEntityTooLarge}
	err := (&upload{id: memoryUpload, transfer: new(transfer.Upload)}).failure(ctx, &transfer.PartError{Index: 2, Err: refused})
	var failed *UploadError
	if !errors.Is(err, context.Canceled) || !errors.Is(err, refused) || !errors.As(err, &failed) || failed.Part != 2 {
		t.Errorf("%v must tell of the part, of its failure and of the cancellation", err)
	}
}

func TestCheckpointComesOnceAndBeforeTheBytes(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	var saved []Checkpoint
	data := content(5000)
	mustUpload(t, c, m, Bytes(data), data, WithCheckpoint(func(cp Checkpoint) error {
		saved = append(saved, cp)
		if m.calls[operation.PutPart] > 0 {
			t.Error("bytes were sent before the checkpoint was taken")
		}
		return nil
	}))
	if len(saved) != 1 {
		t.Fatalf("%d checkpoints, want 1", len(saved))
	}
	saved = nil
	c, m = newMemoryClient(1000, 2, 8)
	mustUpload(t, c, m, Bytes(data[:1000]), data[:1000], WithCheckpoint(func(cp Checkpoint) error {
		saved = append(saved, cp)
		return nil
	}))
	if len(saved) != 0 {
		t.Error("a checkpoint for a single part")
	}
	broken := errors.New("disk full")
	c, m = newMemoryClient(1000, 2, 8)
	_, err := c.Upload(t.Context(), Bytes(data), WithCheckpoint(func(Checkpoint) error { return broken }))
	if !errors.Is(err, broken) || m.calls[operation.PutPart] != 0 {
		t.Errorf("%v after %d PUTs, want the error of the function and none", err, m.calls[operation.PutPart])
	}
}

func TestStreamIsRefusedTheSecondTime(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Reader", "Stream"} {
		c, m := newMemoryClient(1000, 2, 8)
		data := content(10)
		source := map[string]Source{"Reader": Reader(plain(data), 10), "Stream": Stream(bytes.NewReader(data))}[name]
		mustUpload(t, c, m, source, data)
		var argument *ArgumentError
		if _, err := c.Upload(t.Context(), source); !errors.As(err, &argument) {
			t.Errorf("%s: %v, want an ArgumentError", name, err)
		}
	}
}

// oddService edits the parts in the answers.
type oddService struct {
	*memoryService
	changeBegin func(*begun)
	changePart  func(*transfer.Part)
	told        int64 // the number of parts
}

func (o *oddService) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*begun, error) {
	answer, err := o.memoryService.begin(ctx, request)
	if err == nil && o.changeBegin != nil {
		o.changeBegin(answer)
		o.told = answer.count
	}
	return answer, err
}

func (o *oddService) GetPart(ctx context.Context, uploadID string, index int64) (transfer.Part, error) {
	got, err := o.memoryService.GetPart(ctx, uploadID, index)
	if err == nil && o.changePart != nil {
		o.changePart(&got)
	}
	return got, err
}

func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	rows := map[string]oddService{
		"no upload id":           {changeBegin: func(a *begun) { a.uploadID = "" }},
		"upload id with a path":  {changeBegin: func(a *begun) { a.uploadID, a.first.UploadID = "a/b", "a/b" }},
		"foreign first part":     {changeBegin: func(a *begun) { a.first.UploadID = "1111111111111111" }},
		"no parts":               {changeBegin: func(a *begun) { a.count = 0 }},
		"negative count":         {changeBegin: func(a *begun) { a.count = -1 }},
		"more parts than bytes":  {changeBegin: func(a *begun) { a.count = 1 << 62 }},
		"one part more":          {changeBegin: func(a *begun) { a.count++ }},
		"one part less":          {changeBegin: func(a *begun) { a.count-- }},
		"first index too high":   {changeBegin: func(a *begun) { a.first.Index = 3 }},
		"first index negative":   {changeBegin: func(a *begun) { a.first.Index = -1 }},
		"first index of another": {changeBegin: func(a *begun) { a.first.Index = 2 }},
		"first does not start":   {changeBegin: func(a *begun) { a.first.Start = 1 }},
		"first beyond the file":  {changeBegin: func(a *begun) { a.first.End = 1 << 40 }},
		"first backwards":        {changeBegin: func(a *begun) { a.first.End = -7 }},
		"first overflows":        {changeBegin: func(a *begun) { a.first.End = 1<<63 - 1 }},
		"part of another upload": {changePart: func(p *transfer.Part) { p.UploadID = "1111111111111111" }},
		"another part":           {changePart: func(p *transfer.Part) { p.Index = 0 }},
		"overlap":                {changePart: func(p *transfer.Part) { p.Start-- }},
		"gap":                    {changePart: func(p *transfer.Part) { p.Start++ }},
		"beyond the end":         {changePart: func(p *transfer.Part) { p.End++ }},
		"negative start":         {changePart: func(p *transfer.Part) { p.Start = -1 }},
		"lowest start":           {changePart: func(p *transfer.Part) { p.Start = -1 << 63 }},
		"backwards":              {changePart: func(p *transfer.Part) { p.End = p.Start - 2 }},
		"empty":                  {changePart: func(p *transfer.Part) { p.End = p.Start - 1 }},
		"overflow":               {changePart: func(p *transfer.Part) { p.End = 1<<63 - 1 }},
	}
	for name, odd := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				odd.memoryService = m
				c.uploadBy(&odd)
				if _, err := c.Upload(t.Context(), Bytes(content(2500))); !errors.Is(err, ErrProtocol) {
					t.Errorf("%v, want ErrProtocol", err)
				}
				// Count by the number that the service sent, right or wrong.
				if odd.told > 0 && int64(len(m.done)) >= odd.told || odd.told == 0 && m.exists() {
					t.Errorf("%d of %d parts were completed", len(m.done), odd.told)
				}
			})
		})
	}
}

// The part in the begin answer need not be part 0. The documented example shows part 7.
func TestFirstPartMayBeAnyPart(t *testing.T) {
	t.Parallel()
	for index := range int64(3) {
		c, m := newMemoryClient(1000, 2, 8)
		odd := &oddService{memoryService: m, changeBegin: func(a *begun) {
			a.first = m.describe(index)
		}}
		c.uploadBy(odd)
		data := content(2500)
		mustUpload(t, c, m, Bytes(data), data)
		if got := m.calls[operation.GetUploadPart]; got != 2 {
			t.Errorf("first is %d: %d parts were fetched, want the 2 others", index, got)
		}
	}
}

// FuzzAnswers lets the server answer anything about an upload and its parts. The upload may
// succeed only if the answers are consistent: each part once, of this upload, without a gap
// from the first byte to the last.
func FuzzAnswers(f *testing.F) {
	const size = 2500
	f.Add("", int64(size), int64(3), int64(0), int64(0), int64(999), int64(1), int64(1000), int64(1999), int64(1), "")
	f.Add("", int64(0), int64(1), int64(0), int64(0), int64(2499), int64(0), int64(0), int64(0), int64(0), "")
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), int64(1), int64(999), int64(1999), int64(1), "")                  // overlap
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), int64(1), int64(1001), int64(1999), int64(1), "")                 // gap
	f.Add("", int64(9), int64(3), int64(0), int64(0), int64(999), int64(1), int64(1000), int64(1999), int64(1), "1111111111111111") // foreign
	f.Add("1111111111111111", int64(9), int64(3), int64(0), int64(0), int64(999), int64(1), int64(1000), int64(1999), int64(1), "")
	f.Add("1111111111111111", int64(-1), int64(1<<62), int64(1<<40), int64(-1), int64(1<<62), int64(-1), int64(-5), int64(1<<63-1), int64(5), "a/b")
	f.Fuzz(func(t *testing.T, firstID string, fileSize, count, firstIndex, firstStart, firstEnd int64,
		index, start, end, which int64, id string,
	) {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(1000, 2, 8)
			told := map[int64]transfer.Part{}
			foreign := false
			c.uploadBy(&oddService{
				memoryService: m,
				changeBegin: func(a *begun) {
					a.file.Size, a.count = fileSize, count
					first := &a.first
					first.Index, first.Start, first.End = firstIndex, firstStart, firstEnd
					if firstID != "" {
						first.UploadID = firstID
					}
					foreign = first.UploadID != a.uploadID
					told[firstIndex] = *first
				},
				changePart: func(p *transfer.Part) {
					asked := p.Index
					if p.Index == which {
						p.Index, p.Start, p.End = index, start, end
						if id != "" {
							p.UploadID = id
						}
					}
					m.mu.Lock()
					defer m.mu.Unlock()
					foreign = foreign || p.UploadID != memoryUpload || p.Index != asked
					told[asked] = *p
				},
			})
			file, err := c.Upload(t.Context(), Bytes(content(size)))
			if (err == nil) != (file != nil) {
				t.Errorf("%v, %v", file, err)
			}
			if err != nil {
				return
			}
			if foreign || int64(len(told)) != count {
				t.Errorf("success with %d parts of %d told, foreign ones: %v", len(told), count, foreign)
			}
			next := int64(0)
			for i := range count {
				if told[i].Start != next {
					t.Errorf("success with part %d from byte %d, the one before ends before %d", i, told[i].Start, next)
				}
				next = told[i].End + 1
			}
			if next != size {
				t.Errorf("success with parts that end before byte %d of %d", next, size)
			}
		})
	})
}
