//go:build attack && linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// hostileRequest is a request that costs a server memory: as much as fits, in the form
// that takes the most once it is decoded.
type hostileRequest struct {
	method, path, header, body string
	unfinished                 bool // the last bytes of the body do not come
}

func (h hostileRequest) String() string {
	length := len(h.body)
	if h.unfinished {
		length++
	}
	return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n%s",
		h.method, h.path, emulatorKey, h.header, length, h.body)
}

// hostileRequests returns the requests by what is too much in them.
func hostileRequests(uploadID string) map[string]hostileRequest {
	const (
		uploads  = "/v2/accounts/A623uY2/uploads"
		isJSON   = "Content-Type: application/json\r\n"
		isText   = "Content-Type: text/plain\r\n"
		isForm   = "Content-Type: multipart/form-data; boundary=B\r\n"
		metadata = `{"a":"` + "%s" + `"}`
	)
	repeat := func(n int, text string) string { return strings.TrimSuffix(strings.Repeat(text, n), ",") }
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	form := func(parts int, name, header string) string {
		head := "--B\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"f\"\r\nContent-Type: refused\r\n"
		return strings.Repeat(head+header+"\r\nx\r\n", parts) + "--B--\r\n"
	}
	const files, folders = "/v2/accounts/A623uY2/files", "/v2/accounts/A623uY2/folders"
	copied := `{"source":"/` + strings.Repeat("s", 511) + `","destination":"/` + strings.Repeat("d", 511) + `","metadata":` + fmt.Sprintf(metadata, strings.Repeat("x", 2000)) + `},`
	largest := fmt.Sprintf(metadata, strings.Repeat("x", 2000))
	return map[string]hostileRequest{
		"mistakes":         {method: "POST", path: uploads, header: isJSON, body: `{"size":1,"tags":[` + repeat(120_000, "0,") + `]}`},
		"unknown members":  {method: "POST", path: uploads, header: isJSON, body: `{"size":1` + numbered(20_000, `,"k%d":0`) + `}`},
		"nested arrays":    {method: "POST", path: uploads, header: isJSON, body: `{"size":1,"metadata":{"a":[` + repeat(40_000, "[[]],") + `]}}`},
		"numbers":          {method: "POST", path: uploads, header: isJSON, body: `{"size":1,"metadata":{"a":[` + repeat(120_000, "0,") + `]}}`},
		"half a body":      {method: "POST", path: uploads, header: isJSON, body: `{"size":1,"tags":[` + repeat(120_000, "0,") + `]`, unfinished: true},
		"uploads":          {method: "POST", path: uploads, header: isJSON, body: `{"size":1,"metadata":` + largest + `,"tags":[` + repeat(25, `"`+strings.Repeat("t", 255)+`",`) + `]}`},
		"large uploads":    {method: "POST", path: uploads, header: isJSON, body: `{"size":50000000000}`},
		"lists":            {method: "GET", path: uploads + "/" + uploadID + "/parts"},
		"files":            {method: "POST", path: uploads + "/binary", header: isText + "X-Upload-Metadata: " + largest + "\r\n", body: "x"},
		"large files":      {method: "POST", path: uploads + "/binary", header: isText, body: strings.Repeat("x", 8<<20)},
		"metadata":         {method: "POST", path: uploads + "/binary", header: isText + `X-Upload-Metadata: {"a":[` + repeat(14_000, "0,") + "]}\r\n", body: "x"},
		"forms":            {method: "POST", path: uploads + "/form_data", header: isForm, body: form(100, "p", "")},
		"many parts":       {method: "POST", path: uploads + "/form_data", header: isForm, body: form(20_000, "p", "")},
		"names of parts":   {method: "POST", path: uploads + "/form_data", header: isForm, body: form(100, strings.Repeat("<", 255), "")},
		"long names":       {method: "POST", path: uploads + "/form_data", header: isForm, body: form(100, strings.Repeat("<", 60_000), "")},
		"headers of parts": {method: "POST", path: uploads + "/form_data", header: isForm, body: form(100, "p", strings.Repeat("a: b\r\n", 1200))},
		"one long part":    {method: "POST", path: uploads + "/form_data", header: isForm, body: form(1, "p", strings.Repeat("a: b\r\n", 1_000_000))},
		"half a form":      {method: "POST", path: uploads + "/form_data", header: isForm, body: form(1, "p", strings.Repeat("a: b\r\n", 1200))[:7000], unfinished: true},
		"headers":          {method: "GET", path: uploads, header: numbered(4500, "%x:\r\n")},
		"too many headers": {method: "GET", path: uploads, header: numbered(100_000, "%x:\r\n")},
		"parameters":       {method: "GET", path: "/A623uY2/raw/x?" + numbered(4500, "%x=&")},
		"a path":           {method: "GET", path: "/A623uY2/raw" + strings.Repeat("/a", 15_000)},
		"a token":          {method: "POST", path: uploads, header: isJSON + "Authorization-Token: e30." + strings.Repeat("W10", 9000) + ".e30\r\n", body: `{"size":1}`},
		"batches":          {method: "DELETE", path: files + "/batch", header: isJSON, body: `{"files":[` + repeat(1000, `"/`+strings.Repeat(`\u00e9`, 511)+`",`) + `]}`},
		"mistaken batches": {method: "DELETE", path: files + "/batch", header: isJSON, body: `{"files":[` + repeat(4_000_000, "0,") + `]}`},
		"long batches":     {method: "DELETE", path: files + "/batch", header: isJSON, body: `{"files":[` + repeat(1_000_000, `"/aaaa",`) + `]}`},
		"half a batch":     {method: "DELETE", path: files + "/batch", header: isJSON, body: `{"files":[` + repeat(1_000_000, `"/aaaa",`) + `]`, unfinished: true},
		"copies":           {method: "POST", path: files + "/copy/batch", header: isJSON, body: `{"files":[` + repeat(100, copied) + `]}`},
		"folder batches":   {method: "DELETE", path: folders + "/batch", header: isJSON, body: `{"folders":[` + repeat(2_500_000, "{},") + `]}`},
		"deep folders":     {method: "PUT", path: folders, header: isJSON, body: `{"folderPath":"` + strings.Repeat("/a", 256) + `"}`},
		"permissions":      {method: "PUT", path: folders, header: isJSON, body: `{"folderPath":"/a","publicPermissions":{"set":true,"value":[` + repeat(80_000, "{},") + `]}}`},
		"lists of folders": {method: "GET", path: folders + "/list?folderPath=/&recursive=true"},
		"transformations":  {method: "POST", path: "/A623uY2/save/image/a", header: isJSON, body: `{"params":[` + repeat(340_000, "{},") + `]}`},
		"a source":         {method: "POST", path: uploads + "/url", header: isJSON, body: `{"url":"http://10.0.0.1/` + strings.Repeat("x", 8000) + `","metadata":` + largest + `}`},
	}
}

// A hostile client never takes the emulator above 256 MB, whatever a hundred
// connections send. (Only Linux tells the peak of a process that is running.)
func TestEmulatorMemoryUnderAttack(t *testing.T) {
	const connections, limit = 100, 256
	plain, err := build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	emulator := exec.Command(plain, "emulator", "--addr", "127.0.0.1:0") // its log is dropped
	emulator.Env = append(os.Environ(), "TMPDIR="+t.TempDir())           // it is killed, and leaves its data
	url := startAndFindURL(t, emulator)
	id, _ := beginUpload(t, url, 50_000_000_000)
	for name, request := range hostileRequests(id) {
		text := request.String()
		var working, sent sync.WaitGroup
		sent.Add(connections)
		for range connections {
			working.Go(func() { sendRaw(t, url, text, request.unfinished, &sent) })
		}
		working.Wait()
		peak := peakOfRunning(t, emulator.Process.Pid)
		t.Logf("after %-17s %3d MB at the peak", name+":", peak)
		if peak > limit {
			t.Fatalf("%s: %d MB at the peak, %d allowed", name, peak, limit)
		}
	}
	if response, body := request(t, "GET", url+"/A623uY2/raw/none", http.Header{}, ""); response.StatusCode != 404 {
		t.Errorf("afterwards: %s %s", response.Status, body)
	}
}

// startAndFindURL starts an emulator and returns its address.
func startAndFindURL(t *testing.T, emulator *exec.Cmd) string {
	t.Helper()
	out, err := emulator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := emulator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = emulator.Process.Kill()
		_ = emulator.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), " is at ")
	if !found {
		t.Fatalf("it said %q, %v", line, err)
	}
	return url
}

// sendRaw sends bytes and reads what comes back, which may be nothing. An unfinished
// request waits until all others were sent.
func sendRaw(t *testing.T, url, text string, unfinished bool, sent *sync.WaitGroup) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Error(err)
		sent.Done()
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text) // may be refused before its end
	sent.Done()
	if unfinished {
		sent.Wait()
		return
	}
	_, _ = io.Copy(io.Discard, conn)
}

// peakOfRunning returns the peak memory of a process in megabytes.
func peakOfRunning(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(bytes.TrimSpace(status))
	if found == nil {
		t.Fatalf("no peak in %s", status)
	}
	kilobytes, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes * 1024 / mb
}
