package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
)

// Each failure is explained on one line: what happened, and what to do.
func TestExplain(t *testing.T) {
	answer := func(operation, code string, status int) error {
		return &bytescale.UploadError{UploadID: "Kd759aLFxttm69kZ", Part: 3, Attempts: 2,
			Err: &bytescale.APIError{Operation: operation, Status: status, FromService: code != "", Code: code, Message: "It did not work."}}
	}
	api := func(status int) error { return answer("CompleteUploadPart", "some_code", status) }
	gateway := func(status int) error { return answer("CompleteUploadPart", "", status) }
	storage := func(status int) error { return answer("PutPart", "SomeCode", status) }
	network := func(err error) error {
		return &url.Error{Op: "Post", URL: "https://api.example/v2/accounts/A623uY2/uploads", Err: err}
	}
	_, keyError := bytescale.NewClient("secret_short")
	_, optionError := bytescale.NewClient(testKey, bytescale.WithPutsInFlight(0))
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"missing file", &fs.PathError{Op: "open", Path: "a", Err: syscall.ENOENT}, "no such file or directory; check the name"},
		{"unreadable file", &fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, "permission denied (open: permission denied); check who may use it"},
		{"other trouble with a file", &fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, "read: input/output error"},
		{"full disk", &fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, "the disk is full (write: no space left on device); free some space"},
		{"too many files", &fs.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}, "too many open files; lower --files or --concurrency, or raise the limit (ulimit -n)"},
		{"too many connections", network(&net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.ENFILE)}), "too many open files; lower --files or --concurrency, or raise the limit (ulimit -n)"},
		{"rename", &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV}, "rename: invalid cross-device link"},
		{"malformed key", keyError, "the API key is malformed: it does not go on with an account id of seven base58 characters; copy the whole key from the dashboard"},
		{"bad option", optionError, "--concurrency 0 is outside 1..256"},
		{"bad tag", &bytescale.ArgumentError{Field: "tags[3]", Reason: "contains a line break"}, "--tag contains a line break"},
		{"bad type", &bytescale.ArgumentError{Field: "mime", Reason: "does not match ^[a-z]+$"}, "--mime is not a MIME type such as image/jpeg"},
		{"named file", about("out", &fs.PathError{Op: "open", Path: "b", Err: syscall.EACCES}), "out: permission denied (open: permission denied); check who may use it"},
		{"named network", about("out", network(errors.New("unexpected EOF"))), "the connection to api.example broke (unexpected EOF); run the same command again"},
		{"busy", &bytescale.UploadError{Err: fmt.Errorf("save checkpoint: %w", bytescale.ErrCheckpointLocked)}, "is already being uploaded to the same place, by this command or another one; let that finish, or use --no-resume"},
		{"401", api(401), "the server refused the API key: It did not work (401); check BYTESCALE_API_KEY"},
		{"402", api(402), "the account does not allow it: It did not work (402); see the account's plan"},
		{"403", api(403), "not permitted: It did not work (403); check what the API key may do (to overwrite, delete or see details takes a secret one), or use another name"},
		{"404", api(404), "not found on the server: It did not work (404); check the path and the account"},
		{"404 at the begin", &bytescale.APIError{Operation: "BeginMultipartUpload", Status: 404}, "not found on the server: Not Found (404); check --api-url and the account"},
		{"301", api(301), "the server wants another address to be used: It did not work (301); check --api-url"},
		{"999", &bytescale.APIError{Operation: "BeginMultipartUpload", Status: 999}, "the server has a problem: status 999; run the same command again later"},
		{"409", api(409), "exists already: It did not work (409); use another --name or --folder, or remove the stored file first"},
		{"413", api(413), "too large for the account: It did not work (413); see the account's plan"},
		{"429", api(429), "too many requests: It did not work (429); wait a little, or lower --api-rate, and run the same command again"},
		{"503", api(503), "the server has a problem: It did not work (503); run the same command again later"},
		{"400", api(400), "the server refused: It did not work (400)"},
		{"407", gateway(407), "the proxy wants a user name and a password: It did not work (407); put them into the proxy's URL"},
		{"511", gateway(511), "the network wants you to log in: It did not work (511); do that in a browser, then run the same command again"},
		{"403 of a gateway", gateway(403), "not permitted: It did not work (403); the answer is not in the API's form, so it may come from a proxy or a gateway: check what that permits"},
		{"413 of a gateway", gateway(413), "too large: It did not work (413); the answer is not in the API's form, so it may come from a proxy or a gateway: check its limit"},
		{"403 of storage", storage(403), "storage, or a proxy on the way to it, refused a part: It did not work (403); run the same command again, and check what the proxy permits"},
		{"413 of storage", storage(413), "storage, or a proxy on the way to it, refused a part as too large: It did not work (413); check the proxy's limit on the size of requests"},
		{"302 of storage", storage(302), "something on the way to storage redirected a part: It did not work (302); check for a login page or a proxy"},
		{"503 of storage", storage(503), "storage has a problem: It did not work (503); run the same command again later"},
		{"429 of storage", storage(429), "storage has a problem: It did not work (429); run the same command again later"},
		{"403 of the CDN", fromCDN(&bytescale.APIError{Operation: "DownloadFile", Status: 403}), "not permitted: Forbidden (403); check whether the file may be read, and check what the API key may do"},
		{"no message", &bytescale.APIError{Operation: "DeleteFile", Status: 400}, "the server refused: Bad Request (400)"},
		{"refused", network(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), "cannot reach api.example (connection refused); check the network and --api-url, then run the same command again"},
		{"unknown host", network(&net.OpError{Op: "dial", Err: &net.DNSError{Name: "api.example", IsNotFound: true}}), "cannot find api.example; check the network and --api-url"},
		{"unknown CDN", fromCDN(network(&net.OpError{Op: "dial", Err: &net.DNSError{Name: "cdn.example", IsNotFound: true}})), "cannot find cdn.example; check the network and --cdn-url"},
		{"301 of the CDN", fromCDN(api(301)), "the server wants another address to be used: It did not work (301); check --cdn-url"},
		{"plain HTTP", network(http.ErrSchemeMismatch), "api.example does not speak HTTPS; check --api-url"},
		{"broken connection", network(errors.New("unexpected EOF")), "the connection to api.example broke (unexpected EOF); run the same command again"},
		{"stalled", fmt.Errorf("part 3: %w", bytescale.ErrStalled), "the connection stood still for too long; run the same command again to continue"},
		{"stalled download", fromCDN(bytescale.ErrStalled), "the connection stood still for too long; run the same command again, which starts from the beginning"},
		{"broken download", fromCDN(io.ErrUnexpectedEOF), "the connection broke before the end of the file; run the same command again, which starts from the beginning"},
		{"changed", fmt.Errorf("part 3: %w", bytescale.ErrSourceChanged), "changed while it was uploaded, so nothing was stored; try again when nothing writes to it"},
		{"size", fmt.Errorf("part 3: %w", bytescale.ErrSourceSize), "is shorter or longer than it said it was, so nothing was stored; try again when nothing writes to it"},
		{"nonsense", fmt.Errorf("begin: %w", bytescale.ErrProtocol), "begin: answer breaks the protocol; check that --api-url is the address of the service"},
		{"anything else", errors.New("boom"), "boom"},
		{"several lines", errors.New("boom\nbytescale: all is well\x1b[2J"), "boom\uFFFDbytescale: all is well\uFFFD[2J"},
	} {
		got := explain(test.err)
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if strings.ContainsAny(got, "\r\n\x1b") {
			t.Errorf("%s: more than a line: %q", test.name, got)
		}
	}
}

// A missing file below TMPDIR does not mean that TMPDIR is missing. A full disk of TMPDIR
// is named.
func TestExplainTemporary(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	below := func(err error) error { return &fs.PathError{Op: "write", Path: filepath.Join(dir, "a", "b"), Err: err} }
	for _, test := range []struct {
		err  error
		want string
	}{
		{below(syscall.ENOENT), "no such file or directory; check the name"},
		{below(syscall.ENOSPC), "the disk of " + dir + " is full (write: no space left on device); free some space, or set TMPDIR to another disk"},
		{about("out", below(syscall.ENOSPC)), "out: the disk is full (write: no space left on device); free some space"},
	} {
		if got := explain(test.err); got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}
