package bytescale

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// attempt runs a PUT of size bytes under watch: send moves the body as a
// connection would. It returns what cut it and after how long.
func attempt(t *testing.T, size int64, send func(ctx context.Context, body io.Reader)) (cause error, after time.Duration) {
	t.Helper()
	ctx, cut := context.WithCancelCause(t.Context())
	defer cut(nil)
	b := newBodies(payload{r: bytes.NewReader(make([]byte, size)), size: size}, func(int64) {})
	body, err := b.body()
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	began := time.Now()
	w := newWatch(b, cut)
	send(ctx, body)
	w.stop()
	return context.Cause(ctx), time.Since(began)
}

// trickle reads n bytes every interval until the body ends or the context does.
func trickle(n int64, interval time.Duration) func(context.Context, io.Reader) {
	return func(ctx context.Context, body io.Reader) {
		for {
			if got, _ := io.CopyN(io.Discard, body, n); got < n {
				return
			}
			if sleep(ctx, interval) != nil {
				return
			}
		}
	}
}

func TestStallIsCut(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name     string
		size     int64
		send     func(context.Context, io.Reader)
		earliest time.Duration // zero: never cut
		latest   time.Duration
	}{
		{"nothing moves", 1 << 20, func(ctx context.Context, _ io.Reader) { <-ctx.Done() }, stallWindow, stallWindow + sampleEvery},
		{"moves, then stops", 1 << 20, func(ctx context.Context, body io.Reader) {
			io.CopyN(io.Discard, body, 1<<19)
			<-ctx.Done()
		}, stallWindow, stallWindow + 2*sampleEvery},
		{"half the least speed", 1 << 20, trickle(minSpeed/2, time.Second), stallWindow, stallWindow + sampleEvery},
		{"twice the least speed", 1 << 20, trickle(2*minSpeed, time.Second), 0, 0},
		{"a quarter of a 20 kB/s link, in bursts", 1 << 20, trickle(50_000, 10*time.Second), 0, 0},
		{"no answer, small body", 1000, func(ctx context.Context, body io.Reader) {
			io.Copy(io.Discard, body)
			<-ctx.Done()
		}, answerWait, answerWait + sampleEvery},
		{"late answer, large body: the kernel was still sending", 1 << 20, func(ctx context.Context, body io.Reader) {
			io.Copy(io.Discard, body)
			sleep(ctx, 10*time.Minute)
		}, 0, 0},
		{"no answer, large body", 1 << 20, func(ctx context.Context, body io.Reader) {
			io.Copy(io.Discard, body)
			<-ctx.Done()
		}, 1024 * time.Second, 1024*time.Second + sampleEvery},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cause, after := attempt(t, row.size, row.send)
				switch {
				case row.latest == 0 && cause != nil:
					t.Errorf("cut after %v: %v", after, cause)
				case row.latest > 0 && (!errors.Is(cause, ErrStalled) || after < row.earliest || after > row.latest):
					t.Errorf("cut after %v (%v), want %v to %v", after, cause, row.earliest, row.latest)
				}
			})
		})
	}
}

func TestStallOfARepeatedBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cut := context.WithCancelCause(t.Context())
		defer cut(nil)
		b := newBodies(payload{r: bytes.NewReader(make([]byte, 1000)), size: 1000}, func(int64) {})
		w := newWatch(b, cut)
		defer w.stop()
		first, _ := b.body()
		io.Copy(io.Discard, first)
		first.Close()
		time.Sleep(answerWait / 2)
		second, _ := b.body() // net/http found the connection dead and began again
		defer second.Close()
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), ErrStalled) {
			t.Errorf("%v, want ErrStalled", context.Cause(ctx))
		}
	})
}
