package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// cutAfter runs a PUT of size bytes under a stallWatch. send reads the body as a connection would. It
// returns the reason if the PUT was cut, and after how long.
func cutAfter(t *testing.T, all *Link, size int64, send func(ctx context.Context, body io.Reader)) (cause error, after time.Duration) {
	t.Helper()
	ctx, cut := context.WithCancelCause(t.Context())
	defer cut(nil)
	b := newAttemptBodies(Payload{Source: bytes.NewReader(make([]byte, size)), Size: size}, func(int64) {})
	body, err := b.body()
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	began := time.Now()
	w := newStallWatch(b, cut, all)
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
			if pause(ctx, interval) != nil {
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
			pause(ctx, 10*time.Minute)
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
				cause, after := cutAfter(t, new(Link), row.size, row.send)
				switch {
				case row.latest == 0 && cause != nil:
					t.Errorf("cut after %v: %v", after, cause)
				case row.latest > 0 && (!errors.Is(cause, errs.ErrStalled) || after < row.earliest || after > row.latest):
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
		b := newAttemptBodies(Payload{Source: bytes.NewReader(make([]byte, 1000)), Size: 1000}, func(int64) {})
		w := newStallWatch(b, cut, new(Link))
		defer w.stop()
		first, _ := b.body()
		io.Copy(io.Discard, first)
		first.Close()
		time.Sleep(answerWait / 2)
		second, _ := b.body() // net/http found the connection dead and began again
		defer second.Close()
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), errs.ErrStalled) {
			t.Errorf("%v, want ErrStalled", context.Cause(ctx))
		}
	})
}

// A body that is still in the send queue is cut if it does not move, and not as late as for a missing
// answer.
func TestStallWithAVisibleSendQueue(t *testing.T) {
	t.Parallel()
	const size = 60_000
	for _, row := range []struct {
		name  string
		drain int64 // bytes per second
		cut   time.Duration
	}{
		{name: "half the least speed", drain: minSpeed / 2},
		{name: "nothing", cut: stallWindow},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cut := context.WithCancelCause(t.Context())
				defer cut(nil)
				b := newAttemptBodies(Payload{Source: make(Bytes, size), Size: size}, func(int64) {})
				began := time.Now()
				w := newStallWatch(b, cut, new(Link))
				defer w.stop()
				w.connected(func() (int64, bool) { return max(0, size-row.drain*int64(time.Since(began).Seconds())), true })
				body, _ := b.body()
				io.Copy(io.Discard, body)
				body.Close()
				pause(ctx, 3*time.Minute-sampleEvery) // it has arrived after two
				switch after := time.Since(began); {
				case row.cut == 0 && ctx.Err() != nil:
					t.Errorf("cut after %v: %v", after, context.Cause(ctx))
				case row.cut > 0 && (after < row.cut || after > row.cut+sampleEvery):
					t.Errorf("cut after %v, want %v", after, row.cut)
				}
			})
		})
	}
}

// Many PUTs on a slow link may each be slower than minSpeed. A single slow one may not.
func TestStallOnASharedLink(t *testing.T) {
	t.Parallel()
	silent := func(ctx context.Context, _ io.Reader) { <-ctx.Done() }
	rows := []struct {
		name string
		many func(context.Context, io.Reader) // 63 of these
		one  func(context.Context, io.Reader)
		cut  time.Duration // when the one is cut, in steps of sampleEvery; zero: never
		all  bool          // and the others too
	}{
		{name: "a fair share of 20 kB/s", many: trickle(312, time.Second), one: trickle(312, time.Second)},
		{name: "a tenth of a fair share", many: trickle(312, time.Second), one: trickle(31, time.Second)},
		{name: "a packet a minute", many: trickle(312, time.Second), one: trickle(1448, time.Minute)},
		{name: "nothing of a slow link", many: trickle(312, time.Second), one: silent, cut: longestSilence},
		{name: "a trickle beside fast ones", many: trickle(8*minSpeed, time.Second), one: trickle(500, time.Second), cut: stallWindow},
		{name: "a dead link", many: silent, one: silent, cut: stallWindow, all: true},
		{
			name: "nothing, while the others wait for their answers",
			many: func(ctx context.Context, body io.Reader) {
				trickle(700, time.Second)(ctx, io.LimitReader(body, 28*700)) // ends after 28 s
				io.Copy(io.Discard, body)
				<-ctx.Done()
			},
			one: silent, cut: 2 * stallWindow, // one of these the link was slow
		},
		{
			name: "the last one, before it has the link for itself",
			many: func(ctx context.Context, body io.Reader) {
				trickle(700, time.Second)(ctx, io.LimitReader(body, 28*700)) // ends after 28 s
			},
			one: func(ctx context.Context, body io.Reader) {
				trickle(31, time.Second)(ctx, io.LimitReader(body, 32*31))
				trickle(2*minSpeed, time.Second)(ctx, body)
			},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var link Link
				var running sync.WaitGroup
				check := func(want time.Duration, send func(context.Context, io.Reader)) {
					running.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
						defer cancel()
						cause, after := cutAfter(t, &link, 1<<20, func(attempt context.Context, body io.Reader) {
							both, stop := context.WithCancel(attempt)
							defer stop()
							context.AfterFunc(ctx, stop)
							send(both, body)
						})
						switch {
						case want > 0 && (!errors.Is(cause, errs.ErrStalled) || after < want || after > want+sampleEvery):
							t.Errorf("cut after %v (%v), want to be in %v", after, cause, want)
						case want == 0 && cause != nil:
							t.Errorf("cut after %v: %v", after, cause)
						}
					})
				}
				ofMany := time.Duration(0)
				if row.all {
					ofMany = row.cut
				}
				for range 63 {
					check(ofMany, row.many)
				}
				check(row.cut, row.one)
				running.Wait()
				if n := len(link.speeds); n != 0 {
					t.Errorf("%d PUTs are still counted", n)
				}
			})
		})
	}
}

// If everything is known to have arrived, the wait for the answer is shorter than a body at minSpeed
// would take.
func TestSilenceAfterAllHasArrived(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cut := context.WithCancelCause(t.Context())
		defer cut(nil)
		const size = 256 << 20
		b := newAttemptBodies(Payload{Source: make(Bytes, size), Size: size}, func(int64) {})
		began := time.Now()
		w := newStallWatch(b, cut, new(Link))
		defer w.stop()
		w.connected(func() (int64, bool) { return 0, true })
		body, _ := b.body()
		io.Copy(io.Discard, body)
		body.Close()
		pause(ctx, 24*time.Hour)
		want := size / proxySpeed * time.Second
		if after := time.Since(began); after < want || after > want+2*sampleEvery || !errors.Is(context.Cause(ctx), errs.ErrStalled) {
			t.Errorf("%v after %v, want it to be cut after %v", context.Cause(ctx), after, want)
		}
	})
}

// The time in which the transport waits for a connection, or in which the source is read, does not
// count.
func TestStallIsOfTheConnection(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(*stallWatch, *attemptBodies){
		"waits for a connection": func(w *stallWatch, _ *attemptBodies) {
			w.awaitsConnection()
			time.Sleep(10 * stallWindow)
			w.connected(func() (int64, bool) { return 0, true })
		},
		"waits for the source": func(_ *stallWatch, b *attemptBodies) {
			body, _ := b.body()
			defer body.Close()
			body.Read(make([]byte, 1)) // takes two windows
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cut := context.WithCancelCause(t.Context())
				defer cut(nil)
				b := newAttemptBodies(Payload{Source: slowAt{}, Size: 1 << 20}, func(int64) {})
				w := newStallWatch(b, cut, new(Link))
				defer w.stop()
				wait(w, b)
				if ctx.Err() != nil {
					t.Fatalf("cut: %v", context.Cause(ctx))
				}
				time.Sleep(stallWindow + 2*sampleEvery) // now it is the connection
				if !errors.Is(context.Cause(ctx), errs.ErrStalled) {
					t.Error("a silent connection was not cut")
				}
			})
		})
	}
}

// pause waits for d, or until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
