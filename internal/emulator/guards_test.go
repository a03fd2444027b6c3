package emulator

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/c88edac7/bytescale-go/internal/fake"
	"github.com/c88edac7/bytescale-go/internal/fake/fetch"
	"github.com/c88edac7/bytescale-go/internal/fake/store"
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
				header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || !strings.Contains(header.Get("Vary"), "Origin") ||
				header.Get("Access-Control-Allow-Credentials") != "true" ||
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
				if header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || !strings.Contains(header.Get("Vary"), "Origin") || !strings.Contains(header.Get("Access-Control-Expose-Headers"), "ETag") {
					t.Errorf("%s: %v", path, header)
				}
				if header.Get("Access-Control-Allow-Credentials") != "true" {
					t.Errorf("%s: credentials are not allowed", path)
				}
			}
		})
	}
}

// Web pages of other origins are refused before anything is done for them, however
// the emulator was started.
func TestRefusesForeignPages(t *testing.T) {
	t.Parallel()
	const foreign, allowed = http.StatusForbidden, http.StatusNotFound // of a file that is not there
	tests := []struct {
		name   string
		header http.Header
		want   int
	}{
		{"a program", http.Header{}, allowed},
		{"a loopback page", http.Header{"Origin": {"http://localhost:3000"}, "Sec-Fetch-Site": {"cross-site"}}, allowed},
		{"a loopback page by address", http.Header{"Origin": {"https://127.0.0.1:8443"}}, allowed},
		{"a loopback page by IPv6", http.Header{"Origin": {"http://[::1]:5173"}}, allowed},
		{"a listed page", http.Header{"Origin": {"https://app.example"}, "Sec-Fetch-Site": {"cross-site"}}, allowed},
		{"a listed page with a port", http.Header{"Origin": {"http://app.example:8080"}}, allowed},
		{"the address bar", http.Header{"Sec-Fetch-Site": {"none"}}, allowed},
		{"a page of the emulator", http.Header{"Sec-Fetch-Site": {"same-origin"}}, allowed},
		{"an image on a loopback page", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Referer": {"http://localhost:3000/"}}, allowed},
		{"an image on a listed page", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Referer": {"https://app.example/page?x"}}, allowed},

		{"a page", http.Header{"Origin": {"https://evil.example"}}, foreign},
		{"another port", http.Header{"Origin": {"https://app.example:8443"}}, foreign},
		{"another scheme", http.Header{"Origin": {"http://app.example"}}, foreign},
		{"a name below", http.Header{"Origin": {"https://sub.app.example"}}, foreign},
		{"a name like localhost", http.Header{"Origin": {"http://localhost.evil.example"}}, foreign},
		{"a user called localhost", http.Header{"Origin": {"http://localhost@evil.example"}}, foreign},
		{"a path after localhost", http.Header{"Origin": {"http://localhost/evil.example"}}, foreign},
		{"another protocol", http.Header{"Origin": {"ftp://localhost"}}, foreign},
		{"a page without an origin", http.Header{"Origin": {"null"}}, foreign},
		{"an empty origin", http.Header{"Origin": {""}}, foreign},
		{"two origins", http.Header{"Origin": {"http://localhost:3000", "https://evil.example"}}, foreign},
		{"an image", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Referer": {"https://evil.example/localhost"}}, foreign},
		{"an image without a referrer", http.Header{"Sec-Fetch-Site": {"cross-site"}}, foreign},
		{"a form with a loopback referrer", http.Header{"Origin": {"null"}, "Referer": {"http://localhost:3000/"}}, foreign},
	}
	for name, options := range starts(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lockedBuffer
			options.Log = &log
			options.Service.Lenient = true
			options.AllowOrigins = []string{"https://App.example:443", "http://app.example:8080"}
			e := start(t, options)
			for _, test := range tests {
				response, body := request(t, http.MethodGet, e.URL()+"/A623uY2/raw/none", test.header, "")
				if response.StatusCode != test.want || test.want == foreign && !strings.Contains(body, `"origin_not_allowed"`) {
					t.Errorf("%s: status %d, want %d: %s", test.name, response.StatusCode, test.want, body)
				}
				if response.StatusCode == foreign && response.Header.Get("Access-Control-Allow-Origin")+response.Header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s: the page may read the answer", test.name)
				}
			}
			if !strings.Contains(log.String(), "GET /A623uY2/raw/none 403 origin_not_allowed") {
				t.Errorf("log:\n%s", log.String())
			}
		})
	}
}

// What a foreign page asks for is not done: nothing is stored, nothing is deleted
// and the contents of a request is not read.
func TestDoesNothingForForeignPages(t *testing.T) {
	t.Parallel()
	fetched := false
	e := start(t, Options{Service: fake.Options{Record: true, Lenient: true, Fetcher: fetcher(func() { fetched = true })}})
	headers := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"text/plain"}}
	upload := e.URL() + "/v2/accounts/A623uY2/uploads"
	if response, body := request(t, http.MethodPost, upload+"/binary?filePath=/mine", headers, "mine"); response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", response.Status, body)
	}
	foreign := headers.Clone()
	foreign.Set("Origin", "https://evil.example")
	json := foreign.Clone()
	json.Set("Content-Type", "application/json")
	for _, r := range []struct {
		method, url string
		header      http.Header
		body        string
	}{
		{http.MethodPost, upload + "/binary?filePath=/mine", foreign, "theirs"},
		{http.MethodPost, upload, json, `{"size": 5}`},
		{http.MethodPost, upload + "/url", json, `{"url": "http://10.0.0.1/"}`},
		{http.MethodDelete, e.URL() + "/v2/accounts/A623uY2/files?filePath=/mine", foreign, ""},
		{http.MethodOptions, upload, http.Header{"Origin": {"https://evil.example"}, "Access-Control-Request-Method": {"PUT"}}, ""},
	} {
		if response, body := request(t, r.method, r.url, r.header, r.body); response.StatusCode != http.StatusForbidden || response.Header.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s %s: %s %s", r.method, r.url, response.Status, body)
		}
	}
	if n := len(e.Service().Exchanges()); n != 1 {
		t.Errorf("%d requests reached the service", n)
	}
	file, err := e.Service().Store().File("A623uY2", "/mine")
	if err != nil || file.Size != 4 || fetched {
		t.Errorf("the file is %+v, %v; fetched: %v", file, err, fetched)
	}
}

// fetcher is a source of UploadFromUrl that notes that it was asked.
type fetcher func()

func (f fetcher) Fetch(context.Context, string) (*fetch.Source, error) {
	f()
	return nil, errors.New("nothing to fetch")
}

func TestRefusesWhatIsNoOrigin(t *testing.T) {
	t.Parallel()
	for _, origin := range []string{
		"", "*", "app.example", "app.example:80", "ftp://app.example", "https://", "https://app.example/", "https://app.example/page",
		"https://app.example?x", "https://user@app.example", "https://app example", "http:app.example", "NULL",
	} {
		var wrong *OriginError
		if e, err := Start(Options{AllowOrigins: []string{"null", origin}}); !errors.As(err, &wrong) || wrong.Origin != origin {
			t.Errorf("%q: %v, %v", origin, e, err)
		}
	}
}

// brokenStore has a full disk.
type brokenStore struct{ *store.Memory }

func (brokenStore) Receive(int64) (store.Receiver, error) {
	return nil, errors.New("no space left on /var/place")
}

// The owner of the emulator sees why a request failed, which the client does not.
func TestFailuresAreLogged(t *testing.T) {
	t.Parallel()
	var lines lockedBuffer
	e := start(t, Options{ErrorLog: log.New(&lines, "", 0), Service: fake.Options{Store: brokenStore{store.NewMemory()}}})
	header := http.Header{"Authorization": {"Bearer " + testKey}, "Content-Type": {"text/plain"}}
	if response, body := request(t, http.MethodPost, e.URL()+"/v2/accounts/A623uY2/uploads/binary", header, "x"); response.StatusCode != 500 || strings.Contains(body, "place") {
		t.Errorf("%s: %s", response.Status, body)
	}
	if !strings.Contains(lines.String(), "no space left on /var/place\n") {
		t.Errorf("error log: %q", lines.String())
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
