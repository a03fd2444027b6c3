package bytescale

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
)

// What is told of an upload must be what became of it.

// The service is asked once more before the last completion is given up.
func TestLastCompletionIsAskedForBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]*APIError{
		"asked to wait too long": {Operation: opCompletePart, Status: http.StatusServiceUnavailable, RetryAfter: time.Hour, retryAfterSet: true},
		"tried too often":        {Operation: opCompletePart, Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				tries := 0
				m.fail = func(op string, index int64, _ int) error {
					if op != opCompletePart {
						return nil
					}
					if tries++; refusal.retryAfterSet || tries == maxAttempts {
						m.done[index] = true // and the answer says otherwise
					}
					return refusal
				}
				if _, err := c.Upload(t.Context(), Bytes(content(500))); err != nil || !m.exists() {
					t.Errorf("%v, stored: %v", err, m.exists())
				}
			})
		})
	}
}

// A context that ends when the file is there already makes no error of it.
func TestCancelAfterTheLastAnswer(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	ctx, cancel := context.WithCancel(t.Context())
	data := content(2500)
	file, err := c.Upload(ctx, Bytes(data), WithProgress(func(p Progress) {
		if p.Confirmed == p.Total {
			cancel()
		}
	}))
	if err != nil || file.ETag != "whole" || !bytes.Equal(m.stored(), data) {
		t.Errorf("%+v, %v", file, err)
	}
}

// No completion of ours need be the last: that of a process that died may arrive
// meanwhile. The source is proved all the same.
func TestSourceIsProvedWhenAnotherProcessCompletes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path, data := filepath.Join(t.TempDir(), "file"), content(3000)
		write := func(data []byte) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Error(err)
			}
		}
		write(data)
		c, m := newMemoryClient(1000, 2, 8)
		saved := interrupted(t, c, m, File(path))
		m.parts[0], m.done[0] = data[:1000], true
		m.fail = func(op string, index int64, _ int) error {
			switch {
			case op == opPutPart && index == 2:
				write(append(data, 'x'))
			case op == opGetPart && index == 1:
				m.done[1] = true
				return &APIError{Operation: op, Status: http.StatusNotFound}
			}
			return nil
		}
		m.extra = func(op string, index int64) time.Duration {
			if op == opGetPart && index == 1 {
				return time.Second
			}
			return 0
		}
		_, err := c.Resume(t.Context(), saved, File(path))
		var failed *UploadError
		if !errors.Is(err, ErrSourceChanged) || !errors.As(err, &failed) || !failed.MayExist {
			t.Errorf("%v, want ErrSourceChanged of a file that may exist", err)
		}
	})
}

// Parts that the service loses are confirmed twice, and counted once.
func TestConfirmedNeverPassesTheTotal(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	c.service = &forgetful{memoryService: m}
	var before int64
	data := content(5500)
	mustUpload(t, c, m, Bytes(data), data, WithProgress(func(p Progress) {
		if p.Confirmed < before || p.Confirmed > p.Total {
			t.Errorf("%d bytes confirmed after %d, of %d", p.Confirmed, before, p.Total)
		}
		before = p.Confirmed
	}))
}

// forgetful loses a part when it should complete the file, once.
type forgetful struct {
	*memoryService
	lost bool
}

func (f *forgetful) completePart(ctx context.Context, uploadID string, index int64, etag string) (completion, error) {
	answer, err := f.memoryService.completePart(ctx, uploadID, index, etag)
	if answer.completed && !f.lost {
		f.lost = true
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.done, 1)
		return completion{}, nil
	}
	return answer, err
}

// What the answer to begin says of the file is not yet true of the one to come.
func TestBeginAnswerOfAnotherFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		c.service = replacing{m}
		m.fail = func(op string, index int64, nth int) error {
			switch {
			case op == opDetails:
				return &APIError{Operation: op, Status: http.StatusForbidden}
			case op == opCompletePart && nth == 3:
				m.done[index] = true
				return errors.New("answer lost")
			}
			return nil
		}
		var saved Checkpoint
		file, err := c.Upload(t.Context(), Bytes(content(2500)), WithCheckpoint(func(c Checkpoint) error {
			saved = c
			return nil
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, details := range []FileDetails{*file, saved.File} {
			if details.ETag != "" || details.Size != 2500 {
				t.Errorf("etag %q, %d bytes", details.ETag, details.Size)
			}
		}
	})
}

// replacing answers with the details of the file that stands at the path.
type replacing struct{ *memoryService }

func (r replacing) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*gen.BeginMultipartUploadResponse, error) {
	answer, err := r.memoryService.begin(ctx, request)
	if err == nil {
		answer.File.ETag, answer.File.Size = gen.NullableString{Valid: true, Value: "old"}, 43182
	}
	return answer, err
}
