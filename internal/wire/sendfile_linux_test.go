package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// countedConn counts the bytes that the process writes by itself.
type countedConn struct {
	*net.TCPConn
	written *atomic.Int64
}

func (c countedConn) Write(p []byte) (int, error) {
	c.written.Add(int64(len(p)))
	return c.TCPConn.Write(p)
}

// putOver sends a payload over a real connection and returns how many bytes were copied.
func putOver(ctx context.Context, t *testing.T, server *httptest.Server, p Payload, onRead func(int64)) (copied int64, sourceErr, err error) {
	t.Helper()
	var written atomic.Int64
	transport := NewTransport(1)
	if server.TLS != nil {
		transport.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig
	}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &bodyConn{Conn: countedConn{conn.(*net.TCPConn), &written}}, nil
	}
	defer transport.CloseIdleConnections()

	bodies := newAttemptBodies(p, onRead)
	body, err := bodies.body()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength, req.GetBody = p.Size, bodies.body
	resp, err := transport.RoundTrip(req)
	bodies.wait()
	if err == nil {
		resp.Body.Close()
	}
	return written.Load(), bodies.sourceErr(), err
}

// receiver returns a server that keeps the body of the last PUT.
func receiver(t *testing.T, start func(http.Handler) *httptest.Server) (server *httptest.Server, got *[]byte) {
	got = new([]byte)
	server = start(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		*got, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(server.Close)
	return server, got
}

// invertedFile wraps a file and reads other bytes than the file has.
type invertedFile struct{ *os.File }

func (f invertedFile) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.File.ReadAt(p, at)
	for i := range p[:n] {
		p[i] = ^p[i]
	}
	return n, err
}

// Files and memory are sent over a plain connection without copying. Everything else is copied.
// inBlocks returns content in blocks, of which the last is shorter.
func inBlocks(content []byte) Blocks {
	return slices.Collect(slices.Chunk(content, 60_000))
}

func TestSendfile(t *testing.T) {
	const size, offset, length = 24 << 20, 70_001, 20<<20 + 333 // more than connections buffer
	file, content := randomFile(t, size)
	inverted := make([]byte, size)
	for i := range content {
		inverted[i] = ^content[i]
	}
	for _, test := range []struct {
		name     string
		source   io.ReaderAt
		start    func(http.Handler) *httptest.Server
		want     []byte
		directly bool
	}{
		{"a file", file, httptest.NewServer, content, true},
		{"a file, encrypted", file, httptest.NewTLSServer, content, false},
		{"memory", Bytes(content), httptest.NewServer, content, true},
		{"blocks", inBlocks(content), httptest.NewServer, content, true},
		{"blocks, encrypted", inBlocks(content), httptest.NewTLSServer, content, false},
		{"memory, encrypted", Bytes(content), httptest.NewTLSServer, content, false},
		{"a reader", bytes.NewReader(content), httptest.NewServer, content, false},
		{"a type around a file", invertedFile{file}, httptest.NewServer, inverted, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, got := receiver(t, test.start)
			var read int64
			copied, sourceErr, err := putOver(t.Context(), t, server,
				Payload{Source: test.source, Offset: offset, Size: length}, func(n int64) { read += n })
			if err != nil || sourceErr != nil {
				t.Fatal(err, sourceErr)
			}
			if !bytes.Equal(*got, test.want[offset:offset+length]) {
				t.Error("the bytes that arrived are not those of the source")
			}
			if read != length {
				t.Errorf("%d bytes were reported as sent, want %d", read, int64(length))
			}
			// The first few kilobytes travel with the header.
			if directly := copied < 64<<10; directly != test.directly {
				t.Errorf("%d bytes were copied", copied)
			}
		})
	}
}

// The head of a PUT leaves in one packet with the body, because a packet more, with its
// acknowledgement, counts for a small body.
func TestHeadAndBodyLeaveTogether(t *testing.T) {
	const puts, size = 20, 10 << 10
	file, content := randomFile(t, size)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got, _ := io.ReadAll(r.Body); !bytes.Equal(got, content) {
			t.Error("the bytes that arrived are not those of the file")
		}
		w.Header().Set("ETag", "x")
	}))
	defer server.Close()
	transport := NewTransport(1)
	defer transport.CloseIdleConnections()
	dial, dialed := transport.DialContext, []*bodyConn{}
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			dialed = append(dialed, conn.(*bodyConn))
		}
		return conn, err
	}
	for range puts {
		ctx, attempt := NewAttempt(t.Context(), Payload{Source: file, Size: size}, 0, Timeouts{}, func(int64) {}, new(Link))
		body, err := attempt.Body()
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = size
		resp, err := transport.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if _, err := attempt.End(err); err != nil {
			t.Fatal(err)
		}
	}
	if len(dialed) != 1 {
		t.Fatalf("%d connections, want 1", len(dialed))
	}
	_ = socketOf(dialed[0].Conn).Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			t.Fatal(err)
		}
		// The kernel waits 200 ms at most for the body. On a very busy machine, a head may
		// leave alone after all.
		if sent := info.Data_segs_out; sent < puts || sent > puts+puts/2 {
			t.Errorf("%d packets for %d PUTs", sent, puts)
		}
	})
}

func TestShortFileIsNoticedByWhoeverSendsIt(t *testing.T) {
	file, _ := randomFile(t, 1<<20)
	server, _ := receiver(t, httptest.NewServer)
	_, sourceErr, err := putOver(t.Context(), t, server, Payload{Source: file, Size: 2 << 20}, func(int64) {})
	if err == nil || !errors.Is(sourceErr, errs.ErrSourceSize) {
		t.Errorf("got %v and %v, want ErrSourceSize", err, sourceErr)
	}
}

// TestCancelEndsSendfile cancels while the connection takes nothing.
func TestCancelEndsSendfile(t *testing.T) {
	file, _ := randomFile(t, 64<<20)
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var read int64
	_, sourceErr, err := putOver(ctx, t, server, Payload{Source: file, Size: 64 << 20}, func(n int64) {
		if read += n; read > 64<<10 { // the kernel has taken over
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || sourceErr != nil {
		t.Errorf("got %v and %v, want the context's error", err, sourceErr)
	}
}
