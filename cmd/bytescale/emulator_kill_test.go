//go:build !windows

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	bytescale "github.com/c88edac7/bytescale-go"
)

// emulatorProcess is an emulator in a process of its own.
type emulatorProcess struct {
	*exec.Cmd
	url string
	log bytes.Buffer
}

func startEmulatorProcess(t *testing.T, addr, data string, args ...string) *emulatorProcess {
	t.Helper()
	e := &emulatorProcess{Cmd: exec.Command(command, append([]string{"emulator", "--addr", addr, "--data", data}, args...)...)}
	e.Stderr = &e.log
	out, err := e.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	var ok bool
	if _, e.url, ok = strings.Cut(strings.TrimSpace(line), " is at "); !ok {
		e.kill()
		t.Fatalf("it said %q, %v; %s", line, err, &e.log)
	}
	return e
}

// kill ends the process as a crash does.
func (e *emulatorProcess) kill() {
	e.Process.Kill()
	e.Wait()
}

// restart starts another process at the same address, with the same data.
func (e *emulatorProcess) restart(t *testing.T) *emulatorProcess {
	t.Helper()
	return startEmulatorProcess(t, strings.TrimPrefix(e.url, "http://"), e.Args[5], e.Args[6:]...)
}

// An emulator is killed several times during an upload and restarted. What it has
// confirmed is not sent again, and the file is whole.
func TestEmulatorKilledMidUpload(t *testing.T) {
	t.Parallel()
	const partSize, parts = 64 << 10, 40
	content := make([]byte, parts*partSize-100)
	rand.NewChaCha8([32]byte{1}).Read(content)
	data := filepath.Join(t.TempDir(), "data")
	emulator := startEmulatorProcess(t, "127.0.0.1:0", data, "--part-size", fmt.Sprint(partSize))

	var puts atomic.Int64
	client, err := bytescale.NewClient(emulatorKey, bytescale.WithAPIURL(emulator.url), bytescale.WithCDNURL(emulator.url),
		bytescale.WithPutsInFlight(2), bytescale.WithObserver(func(e bytescale.Event) {
			if e.Operation == "PutPart" && e.Status == http.StatusOK {
				puts.Add(1)
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	before, err := client.Upload(t.Context(), bytescale.Bytes([]byte("from before")))
	if err != nil {
		t.Fatal(err)
	}
	puts.Store(0)

	var checkpoint bytescale.Checkpoint
	source := bytescale.ReaderAt(bytes.NewReader(content), int64(len(content)))
	// Each run sends only what was not confirmed before.
	var confirmed, sentBefore int64
	sentOnlyWhatWasMissing := func() {
		t.Helper()
		if sent, missing := puts.Load()-sentBefore, parts-confirmed; sent > missing {
			t.Errorf("%d PUTs, %d parts were missing", sent, missing)
		}
		sentBefore = puts.Load()
	}
	const kills = 4
	for kill := range kills {
		ctx, cancel := context.WithCancel(t.Context())
		limit := int64(len(content)) * int64(kill+1) / (kills + 1)
		var latest atomic.Int64
		crash := bytescale.WithProgress(func(p bytescale.Progress) {
			latest.Store(p.Confirmed)
			if p.Confirmed >= limit {
				emulator.Process.Kill()
				cancel()
			}
		})
		if kill == 0 {
			_, err = client.Upload(ctx, source, crash, bytescale.WithCheckpoint(func(c bytescale.Checkpoint) error {
				checkpoint = c
				return nil
			}))
		} else {
			_, err = client.Resume(ctx, checkpoint, source, crash)
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("kill %d: %v", kill, err)
		}
		cancel()
		sentOnlyWhatWasMissing()
		confirmed = latest.Load() / partSize
		emulator.Wait()
		emulator = emulator.restart(t)
	}
	file, err := client.Resume(t.Context(), checkpoint, source)
	if err != nil {
		t.Fatal(err)
	}
	sentOnlyWhatWasMissing()
	for path, want := range map[string][]byte{file.FilePath: content, before.FilePath: []byte("from before")} {
		download, err := client.Download(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(download)
		download.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes came back, or other ones; %v", path, len(got), err)
		}
	}

	if err := emulator.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := emulator.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v; %s", err, &emulator.log)
	}
	files, err := os.ReadDir(filepath.Join(data, "blobs"))
	if blobs := len(files) - 1; err != nil || blobs != parts+1 { // one is the id of the store
		t.Errorf("%d blobs on disk, want %d; %v", blobs, parts+1, err)
	}
}

// A part URL from before a crash is valid after it.
func TestEmulatorKilledKeepsURLs(t *testing.T) {
	t.Parallel()
	emulator := startEmulatorProcess(t, "127.0.0.1:0", filepath.Join(t.TempDir(), "data"))
	uploadID, address := beginUpload(t, emulator.url, 5)
	emulator.kill()
	emulator = emulator.restart(t)

	forged := strings.Replace(address, "expires=", "expires=9", 1)
	if response, body := request(t, http.MethodPut, forged, http.Header{}, "hello"); response.StatusCode != http.StatusForbidden {
		t.Errorf("a URL that was tampered with: %d %s", response.StatusCode, body)
	}
	response, body := request(t, http.MethodPut, address, http.Header{}, "hello")
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	etag, err := json.Marshal(response.Header.Get("ETag"))
	if err != nil {
		t.Fatal(err)
	}
	emulator.kill()
	emulator = emulator.restart(t)

	response, body = request(t, http.MethodPut, emulator.url+"/v2/accounts/A623uY2/uploads/"+uploadID+"/parts/0", jsonHeader, `{"etag":`+string(etag)+`}`)
	if response.StatusCode != http.StatusOK || !strings.Contains(body, `"Completed"`) {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}
