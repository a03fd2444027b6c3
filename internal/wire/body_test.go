package wire

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// HTTP/2 closes a body from another goroutine while it is read. When Close returns, the source
// or the buffer may be in use by others.
func TestBodyIsNotReadOnceItIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newAttemptBodies(Payload{Source: slowAt{}, Size: 10}, func(int64) {})
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

// wait returns when the last body is closed, and not only after the time that a transport has to
// close it.
func TestWaitEndsWithTheLastBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bodies := newAttemptBodies(Payload{Source: Bytes("x"), Size: 1}, func(int64) {})
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

// Blocks read as one piece of memory.
func TestBlocks(t *testing.T) {
	t.Parallel()
	blocks := Blocks{[]byte("abc"), []byte("def"), []byte("g")}
	for at := int64(-1); at < 9; at++ {
		for n := range 9 {
			got, want := make([]byte, n), make([]byte, n)
			gotN, gotErr := blocks.ReadAt(got, at)
			wantN, wantErr := Bytes("abcdefg").ReadAt(want, at)
			if n == 0 {
				wantErr = nil // io.EOF is allowed, and not needed
			}
			if gotN != wantN || gotErr != wantErr || string(got) != string(want) {
				t.Errorf("%d bytes at %d: %d bytes %q, %v; want %d bytes %q, %v", n, at, gotN, got, gotErr, wantN, want, wantErr)
			}
		}
	}
}
