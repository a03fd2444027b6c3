package bytescale

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/source"
)

var errBroken = errors.New("disk on fire")

func TestWrongSourcesNeverBecomeFiles(t *testing.T) {
	t.Parallel()
	const partSize = 1000
	data := content(3500)
	wrapped := fmt.Errorf("connection lost: %w", io.EOF)
	cut := func(err error) io.Reader { return io.MultiReader(bytes.NewReader(data[:500]), iotest.ErrReader(err)) }
	broken := func() io.Reader { return io.MultiReader(bytes.NewReader(data[:2500]), iotest.ErrReader(errBroken)) }
	rows := []struct {
		name   string
		source func(t *testing.T) Source
		want   error
	}{
		{"Reader: short", func(*testing.T) Source { return Reader(plain(data[:3499]), 3500) }, ErrSourceSize},
		{"Reader: short by a part", func(*testing.T) Source { return Reader(plain(data[:2000]), 3500) }, ErrSourceSize},
		{"Reader: empty", func(*testing.T) Source { return Reader(plain(nil), 3500) }, ErrSourceSize},
		{"Reader: long", func(*testing.T) Source { return Reader(plain(data), 3499) }, ErrSourceSize},
		{"Reader: long by a part", func(*testing.T) Source { return Reader(plain(data), 3000) }, ErrSourceSize},
		{"Reader: not empty", func(*testing.T) Source { return Reader(plain(data), 0) }, ErrSourceSize},
		{"Reader: breaks", func(*testing.T) Source { return Reader(broken(), 3500) }, errBroken},
		{"Stream: breaks", func(*testing.T) Source { return Stream(broken()) }, errBroken},
		{"Reader: breaks like a short one", func(*testing.T) Source { return Reader(cut(io.ErrUnexpectedEOF), 3500) }, io.ErrUnexpectedEOF},
		{"Reader: breaks at its end", func(*testing.T) Source { return Reader(cut(wrapped), 500) }, wrapped},
		{"Stream: breaks like a short one", func(*testing.T) Source { return Stream(cut(io.ErrUnexpectedEOF)) }, io.ErrUnexpectedEOF},
		{"Stream: breaks with a wrapped end", func(*testing.T) Source { return Stream(cut(wrapped)) }, wrapped},
		{"ReaderAt: gives nothing", func(*testing.T) Source { return ReaderAt(emptyAt{}, 3500) }, io.ErrNoProgress},
		{"ReaderAt: short", func(*testing.T) Source { return ReaderAt(bytes.NewReader(data[:3499]), 3500) }, ErrSourceSize},
		{"ReaderAt: long", func(*testing.T) Source { return ReaderAt(bytes.NewReader(data), 3499) }, ErrSourceSize},
		{"ReaderAt: breaks", func(*testing.T) Source { return ReaderAt(brokenAt{bytes.NewReader(data)}, 3500) }, errBroken},
		{"File: missing", func(t *testing.T) Source { return File(filepath.Join(t.TempDir(), "none")) }, os.ErrNotExist},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, m := newMemoryClient(partSize, 2, 8)
			_, err := c.Upload(t.Context(), row.source(t))
			if !errors.Is(err, row.want) {
				t.Fatalf("%v, want %v", err, row.want)
			}
			var broke *SourceError // if the source says so, not if its size is wrong
			if got, want := errors.As(err, &broke), row.want != ErrSourceSize; got != want {
				t.Errorf("%v is a SourceError: %v, want %v", err, got, want)
			}
			if n := strings.Count(err.Error(), "source"); n != 1 {
				t.Errorf("%q has the word source %d times", err, n)
			}
			if m.calls[operation.BeginMultipartUpload] > 0 && m.exists() {
				t.Error("the file came into being")
			}
			if row.name == "ReaderAt: long" && m.calls[operation.BeginMultipartUpload] > 0 {
				t.Error("it was sent in vain")
			}
		})
	}
}

// emptyAt has neither bytes nor an error.
type emptyAt struct{}

func (emptyAt) ReadAt([]byte, int64) (int, error) { return 0, nil }

// A ReaderAt may give fewer bytes than asked for, though it should not.
func TestReaderAtOfShortReads(t *testing.T) {
	t.Parallel()
	c, m := newMemoryClient(100_000, 2, 8)
	data := content(250_000)
	mustUpload(t, c, m, ReaderAt(pieces{bytes.NewReader(data)}, int64(len(data))), data)
}

type pieces struct{ io.ReaderAt }

func (r pieces) ReadAt(p []byte, off int64) (int, error) {
	return r.ReaderAt.ReadAt(p[:min(len(p), 1000)], off)
}

// A stream that brings a byte now and then is not waited for once the context
// has ended, wherever in it the upload is; and never for bytes beyond its size.
func TestCancelWhileAStreamIsSlow(t *testing.T) {
	t.Parallel()
	for _, source := range []func(io.Reader) Source{Stream, func(r io.Reader) Source { return Reader(r, 1<<20) }} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newMemoryClient(1000, 2, 8)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			began := time.Now()
			_, err := c.Upload(ctx, source(&dripping{}))
			if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 6*time.Second {
				t.Errorf("%v after %v", err, took)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, m := newMemoryClient(10, 2, 8)
		r := &dripping{}
		if _, err := c.Upload(t.Context(), Reader(io.LimitReader(r, 30), 30)); err != nil || !m.exists() || r.reads > 30 {
			t.Errorf("%v after %d reads", err, r.reads)
		}
	})
}

// dripping gives a byte per second.
type dripping struct{ reads int }

func (r *dripping) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	r.reads++
	return copy(p, "x"), nil
}

// brokenAt fails in its third thousand bytes.
type brokenAt struct{ io.ReaderAt }

func (b brokenAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= 2000 && off < 3000 {
		return 0, errBroken
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestBadSourcesAreRefused(t *testing.T) {
	t.Parallel()
	rows := map[string]Source{
		"zero":               {},
		"nil ReaderAt":       ReaderAt(nil, 1),
		"nil Reader":         Reader(nil, 1),
		"nil Stream":         Stream(nil),
		"negative Reader":    Reader(strings.NewReader(""), -1),
		"negative ReaderAt":  ReaderAt(strings.NewReader(""), -1),
		"directory":          File(t.TempDir()),
		"not a regular file": File(os.DevNull),
	}
	for name, source := range rows {
		c, m := newMemoryClient(1000, 2, 8)
		var refused *ArgumentError
		if _, err := c.Upload(t.Context(), source); !errors.As(err, &refused) {
			t.Errorf("%s: %v, want an ArgumentError", name, err)
		}
		if len(m.calls) > 0 {
			t.Errorf("%s: %v was sent", name, m.calls)
		}
	}
}

func TestFileChanges(t *testing.T) {
	t.Parallel()
	rows := map[string]func(t *testing.T, path string){
		"same size, another time": func(t *testing.T, path string) {
			later := time.Now().Add(time.Minute)
			must(t, os.Chtimes(path, later, later))
		},
		"truncated": func(t *testing.T, path string) { must(t, os.Truncate(path, 100)) },
		"grown":     func(t *testing.T, path string) { must(t, os.Truncate(path, 1<<20)) },
		"removed":   func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"replaced": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			must(t, err)
			must(t, os.WriteFile(path+".new", content(5000), 0o600))
			must(t, os.Chtimes(path+".new", info.ModTime(), info.ModTime()))
			must(t, os.Rename(path+".new", path))
		},
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && (name == "removed" || name == "replaced") {
				return // an open file cannot be removed there: it cannot happen
			}
			opened := func(path string) Source {
				f, err := os.Open(path)
				must(t, err)
				t.Cleanup(func() { f.Close() })
				return OpenedFile(f)
			}
			for kind, open := range map[string]func(path string) Source{"File": File, "OpenedFile": opened} {
				path := writeTemp(t, content(5000))
				c, m := newMemoryClient(1000, 1, 2)
				m.fail = func(op string, _ int64, nth int) error {
					if op == operation.PutPart && nth == 2 {
						change(t, path)
					}
					return nil
				}
				_, err := c.Upload(t.Context(), open(path))
				if kind == "OpenedFile" && (name == "removed" || name == "replaced") {
					if err != nil || !m.exists() || !bytes.Equal(m.stored(), content(5000)) {
						t.Errorf("%s: %v, want the file that is open", kind, err)
					}
					continue
				}
				if !errors.Is(err, ErrSourceChanged) {
					t.Errorf("%s: %v, want ErrSourceChanged", kind, err)
				}
				if m.exists() {
					t.Errorf("%s: the file came into being", kind)
				}
			}
		})
	}
}

// OpenedFile uploads all of a file and leaves its position and the file to the caller.
func TestOpenedFile(t *testing.T) {
	t.Parallel()
	data := content(5500)
	f, err := os.Open(writeTemp(t, data))
	must(t, err)
	defer f.Close()
	_, err = f.Seek(1234, io.SeekStart)
	must(t, err)
	c, m := newMemoryClient(1000, 2, 8)
	for range 2 {
		mustUpload(t, c, m, OpenedFile(f), data)
	}
	if at, err := f.Seek(0, io.SeekCurrent); at != 1234 || err != nil {
		t.Errorf("position %d, %v; want 1234", at, err)
	}
	if source := OpenedFile(f); source.name != filepath.Base(f.Name()) {
		t.Errorf("the original name is %q", source.name)
	}

	// What cannot be uploaded is refused before anything is sent.
	dir, err := os.Open(t.TempDir())
	must(t, err)
	defer dir.Close()
	c, m = newMemoryClient(1000, 2, 8)
	_, err = c.Upload(t.Context(), OpenedFile(nil))
	wantArgumentError(t, err, "source")
	_, err = c.Upload(t.Context(), OpenedFile(dir))
	wantArgumentError(t, err, "source")
	must(t, f.Close())
	var source *SourceError
	if _, err := c.Upload(t.Context(), OpenedFile(f)); !errors.As(err, &source) || !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v, want a SourceError", err)
	}
	if m.calls[operation.BeginMultipartUpload] > 0 {
		t.Error("an upload was begun")
	}
}

func TestStreamsSpoolAndCleanUp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	// A removed file takes room as long as it is open.
	open := func() (files []string) {
		all, _ := filepath.Glob("/proc/self/fd/*")
		for _, fd := range all {
			if file, err := os.Readlink(fd); err == nil && strings.HasPrefix(file, dir) {
				files = append(files, file)
			}
		}
		return files
	}
	empty := func(when string) {
		t.Helper()
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 || len(open()) > 0 {
			t.Errorf("%s: %v are left, %v are open (%v)", when, left, open(), err)
		}
	}
	const threshold = 256 << 10 // what is kept in memory
	data := content(3*threshold + 1)

	for _, size := range []int{0, 1, threshold - 1, threshold, threshold + 1, len(data)} {
		c, m := newMemoryClient(100_000, 2, 8)
		mustUpload(t, c, m, Stream(bytes.NewReader(data[:size])), data[:size])
		empty("a stream was uploaded")
	}

	// A part larger than the budget.
	c, m := newMemoryClient(2*minBudget, 2, 8)
	c.engine.Budget = source.NewBudget(minBudget)
	m.fail = func(op string, _ int64, _ int) error {
		if n := len(open()); op == operation.PutPart && n > 2 {
			t.Errorf("%d parts lie on the disk at a time", n)
		}
		return nil
	}
	large := content(15*minBudget + 7)
	mustUpload(t, c, m, Reader(plain(large), int64(len(large))), large)
	empty("large parts were spooled")

	// Failure and cancellation.
	c, _ = newMemoryClient(1000, 2, 8)
	if _, err := c.Upload(t.Context(), Stream(io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errBroken)))); !errors.Is(err, errBroken) {
		t.Errorf("%v, want the source's error", err)
	}
	empty("the stream broke")
	ctx, cancel := context.WithCancel(t.Context())
	cancelling := iotest.DataErrReader(io.MultiReader(bytes.NewReader(data), readerFunc(func([]byte) (int, error) {
		cancel()
		return 0, nil
	})))
	if _, err := c.Upload(ctx, Stream(cancelling)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
	empty("the upload was cancelled")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSmallReadsOfAStream(t *testing.T) {
	t.Parallel()
	data := content(5500)
	c, m := newMemoryClient(1000, 3, 8)
	mustUpload(t, c, m, Reader(iotest.OneByteReader(bytes.NewReader(data)), 5500), data)
}

// oddAt is a source that breaks the contract of io.ReaderAt.
type oddAt func(p []byte) (int, error)

func (o oddAt) ReadAt(p []byte, at int64) (int, error) {
	if at >= 500 {
		return 0, io.EOF
	}
	return o(p)
}

// A source that breaks the contract of io.ReaderAt ends the upload with an error.
func TestOddSources(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]oddAt{
		"gives nothing":                func([]byte) (int, error) { return 0, nil },
		"says it gave more than asked": func(p []byte) (int, error) { return len(p) + 1, nil },
		"says it gave less than none":  func([]byte) (int, error) { return -1, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, m := newMemoryClient(1000, 2, 8)
			_, err := c.Upload(t.Context(), ReaderAt(source, 500))
			var broken *SourceError
			if !errors.As(err, &broken) || m.exists() {
				t.Errorf("%v, want a failure of the source", err)
			}
		})
	}
}

// A panic in the caller's code leaves nothing behind, because a server recovers and goes on.
func TestPanicsGiveBackWhatTheyHeld(t *testing.T) {
	t.Parallel()
	panics := readerFunc(func([]byte) (int, error) { panic("injected") })
	progress := WithProgress(func(Progress) { panic("injected") })
	for name, upload := range map[string]func(c *Client){
		"Reader":          func(c *Client) { c.Upload(t.Context(), Reader(panics, 512<<10)) },
		"Reader, spooled": func(c *Client) { c.Upload(t.Context(), Reader(panics, 2<<20)) },
		"Stream":          func(c *Client) { c.Upload(t.Context(), Stream(panics)) },
		"Stream, spooled": func(c *Client) {
			c.Upload(t.Context(), Stream(io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), panics)))
		},
		"progress": func(c *Client) { c.Upload(t.Context(), Bytes([]byte("x")), progress) },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := newMemoryClient(4<<20, 2, 8)
			c.engine.Budget = source.NewBudget(minBudget)
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				upload(c)
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if _, err := c.Upload(ctx, Reader(plain(make([]byte, minBudget)), minBudget)); err != nil {
				t.Errorf("an upload that needs the whole budget: %v", err)
			}
			if n := c.limits.Uploads.Load(); n != 0 {
				t.Errorf("%d uploads under way", n)
			}
		})
	}
}

// The bytes of a stream can be sent again as long as no other part needed their room. Otherwise
// the upload ends when the etag is refused.
func TestRefusedETagOfAStream(t *testing.T) {
	t.Parallel()
	const partSize, size = 128 << 10, 1 << 20
	for _, parts := range []int64{2, 8} {
		synctest.Test(t, func(t *testing.T) {
			c, m := newMemoryClient(partSize, 8, 16)
			c.engine.Budget = source.NewBudget(partSize * parts)
			m.latency = time.Second
			m.fail = func(op string, index int64, nth int) error {
				if op == operation.CompleteUploadPart && nth == 2 { // the first has no others beside it
					return &APIError{Operation: op, Status: http.StatusBadRequest}
				}
				return nil
			}
			data := content(size)
			_, err := c.Upload(t.Context(), Reader(plain(data), size))
			var refused *APIError
			switch {
			case parts == 8 && (err != nil || !bytes.Equal(m.stored(), data)):
				t.Errorf("with room for all: %v", err)
			case parts == 2 && (!errors.As(err, &refused) || m.exists()):
				t.Errorf("with room for two: %v, want the refusal and no file", err)
			}
		})
	}
}
