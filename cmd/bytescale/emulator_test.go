package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/internal/emulator"
	"github.com/c88edac7/bytescale-go/internal/fake"
)

// inProcess is an emulator that runs in the test's own process.
type inProcess struct {
	t      *testing.T
	url    string
	intro  string // what it printed at the start
	log    lockedBuffer
	cancel context.CancelFunc
	code   chan int
}

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

// runEmulator runs the command's emulator with the given flags, at a free port.
func runEmulator(t *testing.T, args ...string) *inProcess {
	t.Helper()
	return runEmulatorIn(t, noEnv, args...)
}

// runEmulatorIn is runEmulator in an environment.
func runEmulatorIn(t *testing.T, env getenv, args ...string) *inProcess {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e := &inProcess{t: t, cancel: cancel, code: make(chan int, 1)}
	out, in := io.Pipe()
	go func() {
		e.code <- run(ctx, append([]string{"emulator", "--addr", "127.0.0.1:0"}, args...), env, strings.NewReader(""), in, &e.log)
		in.Close()
	}()
	t.Cleanup(func() { e.stop() })
	lines := bufio.NewReader(out)
	for range 3 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("it said %q and then %v; %s", e.intro, err, e.log.String())
		}
		e.intro += line
	}
	_, rest, _ := strings.Cut(e.intro, " is at ")
	e.url, _, _ = strings.Cut(rest, "\n")
	return e
}

// stop ends the emulator and returns its exit code, -1 if it had ended.
func (e *inProcess) stop() int {
	e.cancel()
	code, ok := <-e.code
	if !ok {
		return -1
	}
	close(e.code)
	return code
}

func (e *inProcess) client(key string) *bytescale.Client {
	e.t.Helper()
	client, err := bytescale.NewClient(key, bytescale.WithAPIURL(e.url), bytescale.WithCDNURL(e.url))
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(client.CloseIdleConnections)
	return client
}

// request sends a request and reads the whole answer.
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

var jsonHeader = http.Header{"Authorization": {"Bearer " + emulatorKey}, "Content-Type": {"application/json"}}

// beginUpload begins an upload and returns its id and the URL of its first part.
func beginUpload(t *testing.T, url string, size int64) (id, address string) {
	t.Helper()
	response, body := request(t, http.MethodPost, url+"/v2/accounts/A623uY2/uploads", jsonHeader, fmt.Sprintf(`{"size": %d, "protocol": "1.1"}`, size))
	var begun struct {
		UploadID    string
		UploadParts struct{ First struct{ UploadURL string } }
	}
	if err := json.Unmarshal([]byte(body), &begun); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s: %v", response.StatusCode, body, err)
	}
	return begun.UploadID, begun.UploadParts.First.UploadURL
}

func TestEmulatorKeepsFilesBetweenRuns(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	data := filepath.Join(t.TempDir(), "data")
	first := runEmulator(t, "--data", data, "--part-size", "1KiB")
	if !strings.Contains(first.intro, emulatorKey) {
		t.Errorf("no example of a key in %q", first.intro)
	}
	content := bytes.Repeat([]byte("0123456789"), 1000)
	file, err := first.client(emulatorKey).Upload(t.Context(), bytescale.Bytes(content), bytescale.WithPath("/secrets of the trade/a.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if code := first.stop(); code != exitOK {
		t.Errorf("exit code %d: %s", code, first.log.String())
	}

	second := runEmulator(t, "--data", data)
	client := second.client(emulatorKey)
	if got, err := client.GetFileDetails(t.Context(), file.FilePath); err != nil || got.ETag != file.ETag {
		t.Errorf("got %+v, %v; want etag %s", got, err, file.ETag)
	}
	download, err := client.Download(t.Context(), file.FilePath)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(download)
	if !bytes.Equal(got, content) || err != nil {
		t.Errorf("%d bytes came back, or other ones; %v", len(got), err)
	}
	download.Close()
	if code := second.stop(); code != exitOK {
		t.Errorf("exit code %d: %s", code, second.log.String())
	}

	// The log has one line for each request and no secret.
	log := first.log.String()
	if lines, want := strings.Count(log, "\n"), 1+9+10+10; lines != want { // begin, get, put, complete
		t.Errorf("%d lines for %d requests:\n%s", lines, want, log)
	}
	for _, secret := range []string{emulatorKey, "signature", "expires", "?"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}

// Scripts wait for the first line and read the address from it.
func TestEmulatorFirstLineIsStable(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--discard"}, {"--api-key", "secret_A623uY2ours"}} {
		first, _, _ := strings.Cut(runEmulator(t, flags...).intro, "\n")
		if !regexp.MustCompile(`^The Bytescale emulator is at http://127\.0\.0\.1:[0-9]+$`).MatchString(first) {
			t.Errorf("%q: the first line is %q", flags, first)
		}
	}
}

// An emulator that is told to stop finishes the requests that are under way.
func TestEmulatorFinishesOpenRequests(t *testing.T) {
	t.Parallel()
	emulator := runEmulator(t)
	_, address := beginUpload(t, emulator.url, 5)
	conn, err := net.Dial("tcp", strings.TrimPrefix(emulator.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := strings.TrimPrefix(address, emulator.url)
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", path)
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); !strings.Contains(line, "100 Continue") {
		t.Fatalf("%q, %v", line, err) // from here on the request is being handled
	}
	answers.ReadString('\n') // the empty line after it
	emulator.cancel()
	io.WriteString(conn, "hello")
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK || response.Header.Get("ETag") == "" {
		t.Errorf("%s, %v", response.Status, response.Header)
	}
	if code := emulator.stop(); code != exitOK {
		t.Errorf("exit code %d: %s", code, emulator.log.String())
	}
}

func TestEmulatorDiscards(t *testing.T) {
	t.Parallel()
	client := runEmulator(t, "--discard").client(emulatorKey)
	file, err := client.Upload(t.Context(), bytescale.Bytes(make([]byte, 100)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := client.GetFileDetails(t.Context(), file.FilePath); err != nil || got.Size != 100 {
		t.Errorf("details: %+v, %v", got, err)
	}
	if _, err := client.Download(t.Context(), file.FilePath); !errors.Is(err, bytescale.ErrNotFound) {
		t.Errorf("download: %v", err)
	}
}

func TestEmulatorTakesTheKeysItWasGiven(t *testing.T) {
	t.Parallel()
	const ours = "secret_A623uY2ours"
	emulator := runEmulator(t, "--api-key", ours)
	if strings.Contains(emulator.intro, ours) || !strings.Contains(emulator.intro, "It takes the API key that it was given, …_A623uY2…\n") {
		t.Errorf("it said %q", emulator.intro)
	}
	if _, err := emulator.client(ours).Upload(t.Context(), bytescale.Bytes(nil)); err != nil {
		t.Error(err)
	}
	var refused *bytescale.APIError
	if _, err := emulator.client(emulatorKey).Upload(t.Context(), bytescale.Bytes(nil)); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("another key: %v", err)
	}
}

// Keys from the environment are not on the command line, where other users of the
// machine would see them.
func TestEmulatorTakesKeysFromTheEnvironment(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{
		"":                                      "It takes any well-formed API key",
		"secret_A623uY2ours":                    "It takes the API key that it was given, …_A623uY2…\n",
		" secret_A623uY2ours\npublic_A623uY2b ": "It takes the 2 API keys that it was given",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		env := func(name string) string { return map[string]string{"BYTESCALE_EMULATOR_API_KEY": keys}[name] }
		var out, errw bytes.Buffer
		code := run(ctx, []string{"emulator", "--addr", "127.0.0.1:0"}, env, strings.NewReader(""), &out, &errw)
		if code != exitOK || !strings.Contains(out.String(), want) || strings.Contains(out.String(), "ours") {
			t.Errorf("%q: exit code %d: %s%s", keys, code, &out, &errw)
		}
	}
}

func TestEmulatorFlags(t *testing.T) {
	t.Parallel()
	var cmd emulatorCmd
	if err := cmd.command(nil, noEnv).ParseFlags([]string{
		"--api-key", "secret_A623uY2a,b", "--api-key", "public_A623uY2c", "--allow-origin", "https://app.example",
		"--part-size", "1MiB", "--api-latency", "50ms", "--bandwidth", "10MB", "--discard",
	}); err != nil {
		t.Fatal(err)
	}
	got := cmd.options()
	want := emulator.Options{Address: "127.0.0.1:8744", Probes: true, AllowOrigins: []string{"https://app.example"}, Service: fake.Options{
		Keys:      []string{"secret_A623uY2a,b", "public_A623uY2c"},
		PartSizes: []int64{1 << 20}, APILatency: 50 * time.Millisecond, Bandwidth: 10_000_000, Discard: true, Lenient: true,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
}

// UploadFromUrl does not fetch from the machine's own network.
func TestEmulatorFetchesPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "private") }))
	t.Cleanup(source.Close)
	body := fmt.Sprintf(`{"url": %q}`, source.URL)
	for _, test := range []struct {
		flags []string
		want  string
	}{
		{nil, `"source_refused"`},
		{[]string{"--allow-private-urls"}, `"filePath"`},
	} {
		emulator := runEmulator(t, test.flags...)
		_, answer := request(t, http.MethodPost, emulator.url+"/v2/accounts/A623uY2/uploads/url", jsonHeader, body)
		if !strings.Contains(answer, test.want) {
			t.Errorf("%q: %s", test.flags, answer)
		}
	}
}

func TestEmulatorRefusesToStart(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // after the parallel subtests
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := filepath.Join(t.TempDir(), "data")
	runEmulator(t, "--data", inUse)

	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"other machines, no key", []string{"--addr", ":0"}, exitUsage, "--api-key"},
		{"other machines, no key, in full", []string{"--addr", "[::]:0"}, exitUsage, "--api-key"},
		{"no such host", []string{"--addr", "no-such-host.invalid:0"}, exitUsage, "--addr no-such-host.invalid:0: "},
		{"file for a directory", []string{"--data", filepath.Join(full, "thesis.txt", "data")}, exitFailed, "--data " + filepath.Join(full, "thesis.txt", "data") + ": "},
		{"no port", []string{"--addr", "127.0.0.1"}, exitUsage, "--addr"},
		{"bad key", []string{"--api-key", "hunter2"}, exitUsage, "--api-key number 1"},
		{"empty key", []string{"--api-key", " "}, exitUsage, "--api-key: the value is empty"},
		{"no such JWT key", []string{"--jwt-key", filepath.Join(full, "none")}, exitFailed, "--jwt-key " + filepath.Join(full, "none") + ": "},
		{"bad JWT key", []string{"--jwt-key", filepath.Join(full, "thesis.txt")}, exitUsage, "--jwt-key " + filepath.Join(full, "thesis.txt") + ": "},
		{"bad origin", []string{"--allow-origin", "app.example"}, exitUsage, "--allow-origin: \"app.example\" is not an origin"},
		{"bad public URL", []string{"--public-url", "files.example"}, exitUsage, "--public-url: \"files.example\" is not the address"},
		{"public, no key", []string{"--public-url", "http://files.example"}, exitUsage, "--public-url: name the keys"},
		{"short fault key", []string{"--fault-key", "hunter2"}, exitUsage, "--fault-key: a fault key needs"},
		{"bad size", []string{"--part-size", "big"}, exitUsage, "5MiB"},
		{"no size", []string{"--part-size", "0"}, exitUsage, "5MiB"},
		{"negative latency", []string{"--api-latency=-1s"}, exitUsage, "negative"},
		{"taken address", []string{"--addr", taken.Addr().String()}, exitFailed, "in use"},
		{"foreign address", []string{"--addr", "203.0.113.1:0", "--api-key", emulatorKey}, exitFailed, "no address of this machine"},
		{"directory of something else", []string{"--data", full}, exitFailed, "not empty"},
		{"directory in use", []string{"--data", inUse}, exitFailed, "another process"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// If it starts by mistake, it ends at once.
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var out, errw bytes.Buffer
			args := append([]string{"emulator", "--addr", "127.0.0.1:0"}, test.args...)
			code := run(ctx, args, func(string) string { return "" }, strings.NewReader(""), &out, &errw)
			if code != test.code || !strings.Contains(errw.String(), test.want) || strings.Count(errw.String(), "\n") != 1 {
				t.Errorf("exit code %d, want %d: %q", code, test.code, &errw)
			}
			if strings.Contains(errw.String(), "--api-url") {
				t.Errorf("advice for another command: %q", &errw)
			}
			if strings.Contains(errw.String(), "hunter2") {
				t.Error("the key is repeated")
			}
		})
	}
}
