package emulator

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go/internal/memnet"
)

// serveInMemory serves a handler behind the emulator's time limits.
func serveInMemory(t *testing.T, handler http.HandlerFunc) net.Conn {
	t.Helper()
	listener := memnet.Listen()
	server := &http.Server{Handler: guards{listens: listener.Addr()}.around(handler), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	conn, err := listener.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Close()
		<-done
		time.Sleep(time.Second) // net/http closes a connection only half a second after its last answer
	})
	return conn
}

// A client that stops sending its body is cut, and one that is slow is not.
func TestCutsSilentUploads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		read := make(chan error, 1)
		conn := serveInMemory(t, func(_ http.ResponseWriter, r *http.Request) {
			_, err := io.Copy(io.Discard, r.Body)
			read <- err
		})
		io.WriteString(conn, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
		for range 9 {
			time.Sleep(silenceTime - time.Second)
			io.WriteString(conn, "x")
		}
		silent := time.Now()
		if err := <-read; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the body ended with %v", err)
		}
		if waited := time.Since(silent); waited != silenceTime {
			t.Errorf("cut after %v, want %v", waited, silenceTime)
		}
	})
}

// A client that stops reading its answer is cut too.
func TestCutsSilentDownloads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wrote := make(chan error, 1)
		conn := serveInMemory(t, func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.CopyN(w, zeros{}, 1<<30)
			wrote <- err
		})
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		began := time.Now()
		if err := <-wrote; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the answer ended with %v", err)
		}
		if waited := time.Since(began); waited != silenceTime {
			t.Errorf("cut after %v, want %v", waited, silenceTime)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// The limit of one request is not that of the next on the same connection, and a
// handler may think for longer than bytes may take.
func TestLimitsEndWithTheirRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := serveInMemory(t, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
			select {
			case <-time.After(2 * silenceTime):
			case <-r.Context().Done():
				t.Error("cut while thinking")
			}
		})
		answers := bufio.NewReader(conn)
		for range 3 {
			io.WriteString(conn, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
			if line, err := answers.ReadString('\n'); !strings.Contains(line, "100 Continue") {
				t.Fatalf("%q, %v", line, err)
			}
			answers.ReadString('\n') // the empty line after it
			io.WriteString(conn, "hi")
			response, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if string(body) != "hi" || err != nil {
				t.Errorf("answer %q, %v", body, err)
			}
			time.Sleep(idleTime - time.Second)
		}
	})
}
