package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// Neither the API key nor the query of a pre-signed URL is printed or left on the disk,
// whatever goes wrong and whatever the service answers.
func TestSecretsStaySecret(t *testing.T) {
	const echo = "you sent Bearer " + testKey + " to https://storage.example/part?signature=abcdefgh0123456789"
	refused := func(operation string, status int) fault.Fault {
		return fault.Fault{Operation: operation, Kind: fault.Status, Status: status, Message: echo, Times: -1}
	}
	endless := map[string]bool{ // retried for longer than a test should take
		"a completion is garbage": true, "storage is unreachable": true,
	}
	for name, scripted := range map[string]fault.Fault{
		"begin is refused":        refused("BeginMultipartUpload", 400),
		"the key is refused":      refused("BeginMultipartUpload", 401),
		"begin makes no sense":    {Operation: "BeginMultipartUpload", Kind: fault.Garbage, Body: echo, Times: -1},
		"a part's URL is refused": refused("GetUploadPart", 403),
		"storage refuses a part":  {Operation: "PutPart", Kind: fault.Status, Status: 400, Code: "InvalidRequest", Message: echo, Times: -1},
		"storage refuses a URL":   refused("PutPart", 403),
		"a completion is refused": refused("CompleteUploadPart", 403),
		"a completion is garbage": {Operation: "CompleteUploadPart", Kind: fault.Garbage, Body: echo, Times: -1},
		"storage is unreachable": {Operation: "BeginMultipartUpload", Kind: fault.Edit, Set: map[string]json.RawMessage{
			"/uploadParts/first/uploadUrl": json.RawMessage(`"http://no-such-host.invalid/part?signature=abcdefgh0123456789"`),
		}},
		"nothing at all": {Operation: "ListUploadParts", Kind: fault.Delay, Delay: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInterruption(t, scripted)
			p := i.upload()
			if endless[name] {
				i.until("a retry that is told", func() bool { return strings.Contains(p.err.String(), "trying again") })
				if err := p.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
			}
			if failed, wanted := p.finish() != exitOK, scripted.Kind != fault.Delay; failed != wanted {
				t.Errorf("failed: %v: %s", failed, &p.err)
			}
			text := p.out.String() + p.err.String() + filesBelow(t, filepath.Join(i.dir, "state"))
			for _, secret := range append(i.service.sent.all(), testKey, "signature=", "abcdefgh0123456789") {
				if strings.Contains(text, secret) {
					t.Errorf("%q is in what it printed or kept:\n%s", secret, text)
				}
			}
		})
	}
}

// filesBelow returns the content of all files below a directory.
func filesBelow(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		all.Write(content)
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all.String()
}

// A server that sends more than its answer's length, with the request in it, makes net/http
// log these bytes. They are not printed.
func TestSurplusBytesStaySecret(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		status := "503 Service Unavailable"
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				continue
			}
			io.Copy(io.Discard, request.Body)
			fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\nyou sent %s\r\n", status, request.Header.Get("Authorization"))
			status = "403 Forbidden"
		}
	}()
	i := newInterruption(t)
	i.setenv("BYTESCALE_API_URL", "http://"+listener.Addr().String())
	p := i.upload()
	if code := p.finish(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(p.err.String(), testKey) || strings.Contains(p.err.String(), "Unsolicited") {
		t.Errorf("it printed %s", &p.err)
	}
}
