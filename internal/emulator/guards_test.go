package emulator

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/memnet"
)

const testKey = "secret_A623uY2emulator"

// lockedBuffer is a log that a test reads while the emulator writes it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func start(t *testing.T, o Options) *Emulator {
	t.Helper()
	e, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(0); err != nil {
			t.Error(err)
		}
	})
	return e
}

// request sends a request and reads the whole answer. A Host in header is that
// of the request.
func request(t *testing.T, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	r.Host = header.Get("Host")
	r.Close = true
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(content)
}

// starts are the ways in which the project starts an emulator on a network.
func starts(t *testing.T) map[string]Options {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Options{
		"no option at all": {},
		"the command":      {Address: "127.0.0.1:0", Directory: t.TempDir(), Log: io.Discard, Service: fake.Options{Lenient: true}},
		"its benchmark":    {Address: "localhost:0", Service: fake.Options{Lenient: true, Discard: true}},
		"upload --local":   {Temporary: true, Service: fake.Options{Keys: []string{testKey}}},
		"bytescaletest":    {ErrorLog: log.New(io.Discard, "", 0), Service: fake.Options{Record: true}},
		"a listener":       {Listener: listener},
	}
}

func TestAnswersToThisMachineOnly(t *testing.T) {
	t.Parallel()
	for name, options := range starts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			options.Log = &log
			options.Service.Lenient = true
			e := start(t, options)
			for host, want := range map[string]int{
				"":               http.StatusNotFound, // that of the URL
				"localhost":      http.StatusNotFound,
				"LOCALHOST:8744": http.StatusNotFound,
				"[::1]:80":       http.StatusNotFound,
				"127.8.7.6":      http.StatusNotFound,
				"evil.example":   http.StatusMisdirectedRequest,
				"127.0.0.1.evil": http.StatusMisdirectedRequest,
				"localhost.evil": http.StatusMisdirectedRequest,
				"192.168.1.2:80": http.StatusMisdirectedRequest,
			} {
				response, body := request(t, http.MethodGet, e.URL()+"/A623uY2/raw/none", http.Header{"Host": {host}}, "")
				if response.StatusCode != want || !strings.Contains(body, `"error"`) {
					t.Errorf("host %q: status %d, want %d: %s", host, response.StatusCode, want, body)
				}
			}
			if strings.Count(log.String(), "421 host_not_allowed") != 4 {
				t.Errorf("log:\n%s", log.String())
			}
		})
	}
}

// An address that other machines can reach is not opened without keys, whoever
// opens it.
func TestNeedsKeysForOtherMachines(t *testing.T) {
	t.Parallel()
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		if e, err := Start(Options{Address: address}); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%s: %v, %v", address, e, err)
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := Start(Options{Listener: listener}); !errors.Is(err, ErrNoKeys) {
			t.Errorf("listener at %s: %v, %v", address, e, err)
		}
		if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("listener at %s: %v, want a closed one", address, err)
		}
	}
	e := start(t, Options{Address: ":0", Service: fake.Options{Keys: []string{testKey}}})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(e.URL(), "http://"))
	response, _ := request(t, http.MethodGet, "http://127.0.0.1:"+port+"/A623uY2/raw/none", http.Header{"Host": {"files.example"}}, "")
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d for another host name", response.StatusCode)
	}
}

// A network in memory has no other machines and no web pages.
func TestMemoryNetworkTakesAnyHost(t *testing.T) {
	t.Parallel()
	listener := memnet.Listen()
	start(t, Options{Listener: listener, Service: fake.Options{Lenient: true}})
	conn, err := listener.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /A623uY2/raw/none HTTP/1.0\r\nHost: bytescale.test\r\n\r\n")
	if answer, err := io.ReadAll(conn); !bytes.HasPrefix(answer, []byte("HTTP/1.0 404 ")) {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestLetsWebPagesIn(t *testing.T) {
	t.Parallel()
	for name, options := range starts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			options.Log = &log
			options.Service.Lenient = true
			e := start(t, options)
			origin := http.Header{"Origin": {"http://localhost:3000"}}

			preflight := origin.Clone()
			preflight.Set("Access-Control-Request-Method", "PUT")
			preflight.Set("Access-Control-Request-Headers", "authorization,content-type")
			response, _ := request(t, http.MethodOptions, e.URL()+"/v2/accounts/A623uY2/uploads", preflight, "")
			header := response.Header
			if response.StatusCode != http.StatusNoContent ||
				header.Get("Access-Control-Allow-Origin") != "*" ||
				header.Get("Access-Control-Allow-Headers") != "authorization,content-type" ||
				!strings.Contains(header.Get("Access-Control-Allow-Methods"), "PUT") {
				t.Errorf("preflight: %d %v", response.StatusCode, header)
			}
			if !strings.Contains(log.String(), "OPTIONS /v2/accounts/A623uY2/uploads 204") {
				t.Error("the preflight is not in the log")
			}

			for _, path := range []string{"/A623uY2/raw/a", "/v2/accounts/A623uY2/files/details?filePath=/a", "/storage/nowhere"} {
				response, _ := request(t, http.MethodGet, e.URL()+path, origin, "")
				header := response.Header
				if header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(header.Get("Access-Control-Expose-Headers"), "ETag") {
					t.Errorf("%s: %v", path, header)
				}
				if header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s: credentials are allowed", path)
				}
			}
		})
	}
}

// A panic of the service goes to the error log and not to the process's.
func TestErrorLog(t *testing.T) {
	t.Parallel()
	var lines lockedBuffer
	e := start(t, Options{
		ErrorLog: log.New(&lines, "", 0),
		Service:  fake.Options{Lenient: true, OnExchange: func(fake.Exchange) { panic("on purpose") }},
	})
	if _, err := http.Get(e.URL() + "/A623uY2/raw/none"); err == nil {
		t.Error("the panic was answered")
	}
	if !strings.Contains(lines.String(), "on purpose") {
		t.Errorf("error log: %q", lines.String())
	}
}
