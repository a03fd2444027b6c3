package bytescale

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// HTTP/2 closes a body from another goroutine while it is read. From the moment
// that Close has returned the source, or the buffer, may be anybody's.
func TestBodyIsNotReadOnceItIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBodies(payload{r: slowAt{}, size: 10}, func(int64) {})
		body, err := b.body()
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		go func() {
			if n, err := body.Read(make([]byte, 10)); n != 10 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		}()
		synctest.Wait() // for the read to be under way
		body.Close()
		b.wait()
		if took := time.Since(began); took != slowRead {
			t.Errorf("closed after %v, the read ends after %v", took, slowRead)
		}
		if n, err := body.Read(make([]byte, 10)); n != 0 || err == nil || errors.Is(err, io.EOF) {
			t.Errorf("a closed body gives %d bytes, %v", n, err)
		}
		body.Close() // again, as net/http may
	})
}

const slowRead = time.Minute

// slowAt takes its time for each read.
type slowAt struct{}

func (slowAt) ReadAt(p []byte, _ int64) (int, error) {
	time.Sleep(slowRead)
	return len(p), nil
}

// oddAt is a source that does not do what an io.ReaderAt promises.
type oddAt func(p []byte) (int, error)

func (o oddAt) ReadAt(p []byte, at int64) (int, error) {
	if at >= 500 {
		return 0, io.EOF
	}
	return o(p)
}

// A source that breaks its promises ends the upload, not the process, and in time.
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
			var broken *errs.SourceError
			if !errors.As(err, &broken) || m.exists() {
				t.Errorf("%v, want a failure of the source", err)
			}
		})
	}
}

// What the caller's own code does to an upload by a panic must not outlast it: a
// server recovers from it and goes on.
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
			c.engine.budget = newBudget(minBudget)
			func() {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				upload(c)
			}()
			if !c.engine.budget.available.TryAcquire(minBudget) {
				t.Error("the budget lacks what the upload had")
			}
			if n := c.limits.uploads.Load(); n != 0 {
				t.Errorf("%d uploads under way", n)
			}
		})
	}
}

// Whoever waits for the bodies goes on when the last one is closed, and not only when
// a transport's time to close them is over.
func TestWaitEndsWithTheLastBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bodies := newBodies(payload{r: memory("x"), size: 1}, func(int64) {})
		for i := range 2 {
			body, err := bodies.body()
			if err != nil {
				t.Fatal(err)
			}
			time.AfterFunc(time.Duration(i+1)*time.Second, func() { body.Close() })
		}
		began := time.Now()
		bodies.wait()
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %v, the last body was closed after 2s", waited)
		}
		if _, err := bodies.body(); err == nil {
			t.Error("a body was given out when all were over")
		}
	})
}
