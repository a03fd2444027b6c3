package bytescale

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/transfer"
)

// The service is asked once more before the last completion is given up.
func TestLastCompletionIsAskedForBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]*APIError{
		"asked to wait too long": {Operation: operation.CompleteUploadPart, Status: http.StatusServiceUnavailable, RetryAfter: time.Hour},
		"tried too often":        {Operation: operation.CompleteUploadPart, Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				c.engine.Retries.MaxAttempts = 5
				tries := 0
				m.fail = func(op string, index int64, _ int) error {
					if op != operation.CompleteUploadPart {
						return nil
					}
					if tries++; refusal.RetryAfter > 0 || tries == 5 {
						m.done[index] = true // although the answer is an error
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

// A context that ends when the file exists does not make Upload fail.
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

// The last completion may be that of a process that died and arrive late. The source is proved
// all the same.
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
			case op == operation.PutPart && index == 2:
				write(append(data, 'x'))
			case op == operation.GetUploadPart && index == 1:
				m.done[1] = true
				return &APIError{Operation: op, Status: http.StatusNotFound}
			}
			return nil
		}
		m.extra = func(op string, index int64) time.Duration {
			if op == operation.GetUploadPart && index == 1 {
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

// A part that the service lost is confirmed twice and counted once.
func TestConfirmedNeverPassesTheTotal(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	c.uploadBy(&forgetful{memoryService: m})
	var before int64
	data := content(5500)
	mustUpload(t, c, m, Bytes(data), data, WithProgress(func(p Progress) {
		if p.Confirmed < before || p.Confirmed > p.Total {
			t.Errorf("%d bytes confirmed after %d, of %d", p.Confirmed, before, p.Total)
		}
		before = p.Confirmed
	}))
}

// forgetful loses a part once, when it should complete the file.
type forgetful struct {
	*memoryService
	lost bool
}

func (f *forgetful) CompletePart(ctx context.Context, uploadID string, index int64, etag string) (transfer.Completion, error) {
	answer, err := f.memoryService.CompletePart(ctx, uploadID, index, etag)
	if answer.Completed && !f.lost {
		f.lost = true
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.done, 1)
		return transfer.Completion{}, nil
	}
	return answer, err
}

// The begin answer may describe the file that is being replaced.
func TestBeginAnswerOfAnotherFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		c.uploadBy(beginning{m, func(file *gen.FileDetails) { // that stands at the path
			file.ETag, file.Size = gen.NullableString{Valid: true, Value: "old"}, 43182
		}})
		m.fail = func(op string, index int64, nth int) error {
			switch {
			case op == operation.GetFileDetails:
				return &APIError{Operation: op, Status: http.StatusForbidden}
			case op == operation.CompleteUploadPart && nth == 3:
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
		for _, details := range []FileDetails{*file, saved.File()} {
			if details.ETag != "" || details.Size != 2500 {
				t.Errorf("etag %q, %d bytes", details.ETag, details.Size)
			}
		}
	})
}

// beginning edits the details in the begin answer.
type beginning struct {
	*memoryService
	edit func(*gen.FileDetails)
}

func (b beginning) begin(ctx context.Context, request gen.BeginMultipartUploadRequest) (*begun, error) {
	answer, err := b.memoryService.begin(ctx, request)
	if err == nil {
		b.edit(&answer.file)
	}
	return answer, err
}

// A completion may be refused because an earlier one, whose answer was lost, was carried out
// only after the service was asked.
func TestRefusedCompletionAfterALostOne(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusConflict, http.StatusForbidden} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				c.engine.Retries.MaxAttempts = 5
				tries := 0
				m.fail = func(op string, index int64, _ int) error {
					if op != operation.CompleteUploadPart {
						return nil
					}
					if tries++; tries == 1 {
						return &APIError{Operation: op, Status: http.StatusGatewayTimeout}
					}
					m.done[index] = true
					return &APIError{Operation: op, Status: status}
				}
				if _, err := c.Upload(t.Context(), Bytes(content(500))); err != nil || !m.exists() {
					t.Errorf("%v, stored: %v", err, m.exists())
				}
			})
		})
	}
}

// pendingService never answers that the file is complete.
type pendingService struct{ *memoryService }

func (s pendingService) CompletePart(ctx context.Context, uploadID string, index int64, etag string) (transfer.Completion, error) {
	_, err := s.memoryService.CompletePart(ctx, uploadID, index, etag)
	return transfer.Completion{}, err
}

// If the context ends after the last completion and before the service was asked, the file may
// exist.
func TestCancelBeforeTheFileIsKnown(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	c.uploadBy(pendingService{m})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := c.Upload(ctx, Bytes(content(2500)), WithProgress(func(p Progress) {
		if p.Confirmed == p.Total {
			cancel()
		}
	}))
	var failed *UploadError
	if !errors.As(err, &failed) || !failed.MayExist || !m.exists() {
		t.Errorf("%v, want an error that says that the file may exist", err)
	}
}

// Upload does not wait long for the etag of a stored file.
func TestETagIsWorthAFewTries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(1000, 2, 8)
		c.uploadBy(pendingService{m})
		m.fail = func(op string, _ int64, _ int) error {
			if op == operation.GetFileDetails {
				return &APIError{Operation: op, Status: http.StatusServiceUnavailable}
			}
			return nil
		}
		began := time.Now()
		file, err := c.Upload(t.Context(), Bytes(content(2500)))
		if err != nil || file.ETag != "" || time.Since(began) > 11*time.Second {
			t.Errorf("%+v, %v after %v", file, err, time.Since(began))
		}
	})
}

// An upload that the service has forgotten may have been completed before.
func TestResumeOfAForgottenUpload(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		details error
		found   *transfer.File
		want    bool
	}{
		"details may not be read":   {details: &APIError{Operation: operation.GetFileDetails, Status: http.StatusForbidden}, want: true},
		"there is no file":          {details: &APIError{Operation: operation.GetFileDetails, Status: http.StatusNotFound}},
		"there is another file":     {found: &transfer.File{Size: 2501}},
		"there is a file like ours": {found: &transfer.File{Size: 2500}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				data := content(2500)
				c, m := newMemoryClient(1000, 2, 8)
				saved := interrupted(t, c, m, Bytes(data))
				if m.found = test.found; m.found != nil {
					m.found.Modified = time.Now()
				}
				m.fail = func(op string, _ int64, _ int) error {
					switch op {
					case operation.ListUploadParts:
						return &APIError{Operation: op, Status: http.StatusNotFound}
					case operation.GetFileDetails:
						return test.details
					}
					return nil
				}
				_, err := c.Resume(t.Context(), saved, Bytes(data))
				var failed *UploadError
				if !errors.Is(err, ErrUploadUnknown) || !errors.As(err, &failed) || failed.MayExist != test.want {
					t.Errorf("%v, want ErrUploadUnknown, of a file that may exist: %v", err, test.want)
				}
			})
		})
	}
}

// A file that was at the path before is not taken for the uploaded one.
func TestOldFileIsNotAdopted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		began time.Duration // what begin says of the time, from now on
		found time.Duration // what the details say
		want  bool
	}{
		"begin says nothing of the time":  {began: -50 * 365 * 24 * time.Hour},
		"begin tells the old file's time": {began: -time.Hour, found: -time.Hour},
		"the file is new":                 {found: time.Second, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				began := time.Now().Add(test.began)
				c.uploadBy(beginning{m, func(file *gen.FileDetails) {
					file.LastModified = gen.EpochMillis(max(0, began.UnixMilli()))
				}})
				m.found = &transfer.File{Path: "/uploads/file.bin", Size: 500, ETag: "old", Modified: time.Now().Add(test.found)}
				m.fail = func(op string, _ int64, _ int) error {
					if op == operation.CompleteUploadPart || op == operation.ListUploadParts {
						return &APIError{Operation: op, Status: http.StatusNotFound}
					}
					return nil
				}
				_, err := c.Upload(t.Context(), Bytes(content(500)))
				var failed *UploadError
				if errors.As(err, &failed); (err == nil) != test.want || failed != nil && !failed.MayExist {
					t.Errorf("%v, want success: %v", err, test.want)
				}
			})
		})
	}
}

// A transport may refuse the answer to a completion that was carried out.
func TestAnswerRefusedByATransport(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(1000, 2, 8)
	m.fail = func(op string, index int64, nth int) error {
		if op == operation.CompleteUploadPart && nth == 3 {
			m.done[index] = true
			return finalError(true)
		}
		return nil
	}
	_, err := c.Upload(t.Context(), Bytes(content(2500)))
	var failed *UploadError
	if !errors.As(err, &failed) || !failed.MayExist || !errors.Is(err, finalError(true)) {
		t.Errorf("%v, want the transport's error of a file that may exist", err)
	}
}

// An error of the caller that has one of our types stays the caller's.
func TestErrorsOfTheCallerAreKept(t *testing.T) {
	t.Parallel()
	foreign := &UploadError{UploadID: "other", Part: 3, Err: errors.New("injected")}
	c, _ := newMemoryClient(1000, 2, 8)
	_, err := c.Upload(t.Context(), Bytes(content(2500)), WithCheckpoint(func(Checkpoint) error { return foreign }))
	var failed *UploadError
	if !errors.As(err, &failed) || failed == foreign || failed.UploadID != memoryUpload || !errors.Is(err, foreign) {
		t.Errorf("%v, want an error of the upload that wraps the caller's", err)
	}
	if foreign.UploadID != "other" || foreign.Checkpoint != nil {
		t.Errorf("the caller's error became %+v", foreign)
	}

	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(1000, 2, 8)
			_, err := c.Upload(t.Context(), ReaderAt(refusingAt{status}, 500))
			if failureOf(err).Status != status || m.calls[operation.PutPart] != 1 {
				t.Errorf("%v after %d PUTs, want the source's own failure after one", err, m.calls[operation.PutPart])
			}
		})
	}
}

// refusingAt is a source that fails with the APIError of another service.
type refusingAt struct{ status int }

func (r refusingAt) ReadAt(_ []byte, at int64) (int, error) {
	if at == 500 {
		return 0, io.EOF
	}
	return 0, &APIError{Operation: operation.DownloadFile, Status: r.status}
}

// MayExist follows what was last known of the completion that makes the file.
func TestMayExistAfterALostCompletion(t *testing.T) {
	t.Parallel()
	refused := func(status int) error { return &APIError{Operation: operation.CompleteUploadPart, Status: status} }
	for name, test := range map[string]struct {
		then     error // what the second completion ends with
		question error // what the question after it ends with; nil: that the part is missing
		want     bool
	}{
		"refused, and the part is missing":            {then: refused(http.StatusForbidden)},
		"refused, and the service cannot be asked":    {then: refused(http.StatusForbidden), question: refused(http.StatusUnauthorized), want: true},
		"put off for too long, and cannot be asked":   {then: &APIError{Status: http.StatusTooManyRequests, RetryAfter: time.Hour}, question: refused(http.StatusUnauthorized), want: true},
		"put off for too long, the part is missing":   {then: &APIError{Status: http.StatusTooManyRequests, RetryAfter: time.Hour}},
		"the transport refused it, part is missing":   {then: finalError(true)},
		"the transport refused it, cannot be asked":   {then: finalError(true), question: refused(http.StatusUnauthorized), want: true},
		"lost again and put off, the part is missing": {then: &APIError{Status: http.StatusServiceUnavailable, RetryAfter: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, m := newMemoryClient(1000, 2, 8)
				completions, questions := 0, 0
				m.fail = func(op string, _ int64, _ int) error {
					switch op {
					case operation.CompleteUploadPart:
						if completions++; completions == 1 {
							return refused(http.StatusGatewayTimeout)
						}
						return test.then
					case operation.ListUploadParts:
						if questions++; questions > 1 {
							return test.question
						}
					case operation.GetFileDetails:
						return refused(http.StatusForbidden)
					}
					return nil
				}
				_, err := c.Upload(t.Context(), Bytes(content(500)))
				var failed *UploadError
				if !errors.As(err, &failed) || failed.MayExist != test.want || questions != 2 {
					t.Errorf("%v after %d questions, want MayExist to be %v", err, questions, test.want)
				}
			})
		})
	}
}

// An upload that no completion has finished may be stored if the service cannot be asked,
// and is not if the service has lost parts.
func TestMayExistWithoutAFinalAnswer(t *testing.T) {
	t.Parallel()
	forbidden := &APIError{Status: http.StatusForbidden}
	t.Run("the service cannot be asked", func(t *testing.T) {
		t.Parallel()
		c, m := newMemoryClient(1000, 2, 8)
		c.uploadBy(pendingService{m})
		m.fail = func(op string, _ int64, _ int) error {
			if op == operation.ListUploadParts || op == operation.GetFileDetails {
				return forbidden
			}
			return nil
		}
		_, err := c.Upload(t.Context(), Bytes(content(2500)))
		var failed *UploadError
		if !errors.As(err, &failed) || !failed.MayExist {
			t.Errorf("%v, want an error of a file that may exist", err)
		}
	})
	t.Run("the service has lost a part", func(t *testing.T) {
		t.Parallel()
		c, m := newMemoryClient(1000, 2, 8)
		c.uploadBy(&forgetful{memoryService: m})
		m.fail = func(op string, _ int64, nth int) error {
			if op == operation.PutPart && nth > 3 {
				return &APIError{Status: http.StatusRequestEntityTooLarge}
			}
			return nil
		}
		_, err := c.Upload(t.Context(), Bytes(content(2500)))
		var failed *UploadError
		if !errors.As(err, &failed) || failed.MayExist {
			t.Errorf("%v, want an error of a file that does not exist", err)
		}
	})
}

// The clock of this machine may be wrong. An upload whose last answer was lost is then in
// doubt at worst, but is never reported as stored or as failed without being so.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		skew   time.Duration // of the service's clock
		stored bool          // it is known that the file is
	}{
		{"none", 0, true},
		{"a day ahead", 24 * time.Hour, true},
		{"a day behind", -24 * time.Hour, true},
		{"a year ahead", 365 * 24 * time.Hour, false},
		{"a year behind", -365 * 24 * time.Hour, false},
	} {
		data := content(2500)
		c, m := newMemoryClient(1000, 2, 8)
		theirs := time.Now().Add(test.skew)
		m.begun = gen.EpochMillis(theirs.UnixMilli())
		m.found = &transfer.File{Path: "/uploads/file.bin", Size: 2500, ETag: "whole", Modified: theirs.Add(time.Second)}
		completions := 0
		m.fail = func(op string, index int64, _ int) error {
			switch {
			case op == operation.ListUploadParts: // the upload ended with its last completion
				return &APIError{Operation: op, Status: http.StatusNotFound}
			case op != operation.CompleteUploadPart:
				return nil
			}
			if completions++; completions < 3 {
				return nil
			}
			m.done[index] = true
			return &APIError{Operation: op, Status: http.StatusNotFound}
		}
		file, err := c.Upload(t.Context(), Bytes(data))
		var failed *UploadError
		switch {
		case test.stored && (err != nil || file.ETag != "whole"):
			t.Errorf("%s: %+v, %v; want the stored file", test.name, file, err)
		case !test.stored && (!errors.As(err, &failed) || !failed.MayExist):
			t.Errorf("%s: %v, want an error that says that the file may exist", test.name, err)
		}
	}
}
