//go:build linux || darwin

package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// The client must see every progress of a slow connection: no step may vanish in a buffer. Here a
// server takes a part in steps of 100 KiB, and the client must count more bytes as sent with each.
// On a link of 20 kB/s that four parts share, a step takes 20 s, which is below the 30 s after which
// a connection counts as dead.
func TestSlowConnectionIsSeenToMove(t *testing.T) {
	const step, steps, size = 100 << 10, 40, 8 << 20
	file, _ := randomFile(t, size)
	for _, test := range []struct {
		name   string
		source io.ReaderAt
		tls    bool
	}{
		{"a file", file, false},
		{"memory", make(Bytes, size), false},
		{"encrypted", file, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener := listenNarrow(t)
			transport := NewTransport(1)
			scheme := "http"
			if test.tls {
				trusted := httptest.NewTLSServer(nil)
				trusted.Close()
				transport.TLSClientConfig = trusted.Client().Transport.(*http.Transport).TLSClientConfig
				listener, scheme = tls.NewListener(listener, trusted.TLS), "https"
			}
			defer listener.Close()

			moved := make(chan struct{}, 1)
			bodies := newAttemptBodies(Payload{Source: test.source, Size: size}, func(int64) {
				select {
				case moved <- struct{}{}:
				default:
				}
			})
			body, err := bodies.body()
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, scheme+"://"+listener.Addr().String(), body)
			if err != nil {
				t.Fatal(err)
			}
			req.ContentLength = size
			ended := make(chan error)
			go func() {
				resp, err := transport.RoundTrip(req)
				if err == nil {
					resp.Body.Close()
				}
				ended <- err
			}()
			defer func() {
				cancel()
				<-ended
				bodies.wait()
			}()

			conn, err := listener.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			put, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				t.Fatal(err)
			}
			for n := range steps {
				before := bodies.moved.Load()
				if _, err := io.CopyN(io.Discard, put.Body, step); err != nil {
					t.Fatal(err)
				}
				for bodies.moved.Load() == before {
					select {
					case <-moved:
					case <-time.After(10 * time.Second):
						t.Fatalf("step %d: %d bytes were taken and none counted as sent since %d", n, step, before)
					}
				}
			}
		})
	}
}

// The send queue holds what the other side has not acknowledged.
func TestSendQueue(t *testing.T) {
	const size = 64 << 10
	trusted := httptest.NewTLSServer(nil)
	trusted.Close()
	config := trusted.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.InsecureSkipVerify = true // the test is not about certificates
	for _, test := range []struct {
		name   string
		server func(net.Conn) net.Conn
		client func(net.Conn) net.Conn
	}{
		{"plain", func(c net.Conn) net.Conn { return c }, func(c net.Conn) net.Conn { return &bodyConn{Conn: c} }},
		{
			"encrypted",
			func(c net.Conn) net.Conn { return tls.Server(c, trusted.TLS) },
			func(c net.Conn) net.Conn { return tls.Client(&bodyConn{Conn: c}, config) },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener := listenNarrow(t)
			defer listener.Close()
			accepted := make(chan net.Conn, 1)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					t.Error(err)
				}
				accepted <- conn
			}()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			client, server := test.client(conn), test.server(<-accepted)
			defer client.Close()
			defer server.Close()

			answer := make([]byte, 1)
			go func() { _, _ = server.Write([]byte{1}) }() // shakes hands, if that is to be done
			if _, err := client.Read(answer); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Write(make([]byte, size)); err != nil {
				t.Fatal(err)
			}
			if got, told := sendQueue(client); !told || got < size/4 || got > 2*size {
				t.Errorf("%d bytes of %d count as waiting, and the other side has room for few", got, size)
			}
			if _, err := io.CopyN(io.Discard, server, size); err != nil {
				t.Fatal(err)
			}
			if _, err := server.Write([]byte{2}); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Read(answer); err != nil { // which acknowledges all before it
				t.Fatal(err)
			}
			if got, told := sendQueue(client); !told || got != 0 {
				t.Errorf("%d bytes count as waiting, and all have arrived", got)
			}
		})
	}
	if got, told := sendQueue(nil); told || got != 0 {
		t.Errorf("no connection: %d", got)
	}
}

// A body that was handed to the kernel and never arrives is a stall. It is cut earlier than one that
// arrived and is not answered.
func TestStallInTheSendQueue(t *testing.T) {
	listener := listenNarrow(t)
	defer listener.Close()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(make([]byte, 64<<10)); err != nil { // nobody reads it
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var link Link
		var attempts sync.WaitGroup
		for _, after := range []time.Duration{0, time.Second} {
			attempts.Go(func() {
				time.Sleep(after)
				began := time.Now()
				ctx, attempt := NewAttempt(t.Context(), Payload{Source: make(Bytes, 64<<10), Size: 64 << 10}, 0, Timeouts{}, func(int64) {}, &link)
				httptrace.ContextClientTrace(ctx).GotConn(httptrace.GotConnInfo{Conn: conn})
				body, err := attempt.Body()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, body)
				body.Close()
				<-ctx.Done()
				if _, err := attempt.End(ctx.Err()); !errors.Is(err, errs.ErrStalled) {
					t.Errorf("ended with %v", err)
				}
				// The first bytes may have looked like a slow link.
				if took := time.Since(began); took < stallWindow || took > 2*stallWindow {
					t.Errorf("cut after %v, want %v to %v", took, stallWindow, 2*stallWindow)
				}
			})
		}
		attempts.Wait()
	})
}

// listenNarrow listens with small receive buffers, because a slow link holds little.
func listenNarrow(t *testing.T) net.Listener {
	t.Helper()
	config := net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) error {
		return conn.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 16<<10)
		})
	}}
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// randomFile returns a file of size random bytes, and its content.
func randomFile(t *testing.T, size int) (*os.File, []byte) {
	t.Helper()
	content := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, content
}
