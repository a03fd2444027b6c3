//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	bytescale "github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

const (
	filmSize = 40*mib + 123 // five parts and a bit
	filmPath = "/films/film"
	// A kill costs what came since the state was noted, and what the sockets hold: the
	// server counts bytes as sent that the command has not read.
	costOfKill = 2 * mib
)

// newFilm returns a user, and a service that has a film and sends it slowly.
func newFilm(t *testing.T) (i *interruption, film []byte) {
	t.Helper()
	i = newInterruption(t)
	i.write("film", filmSize)
	i.must("upload", "-q", "--no-resume", "--folder", "/films", "--name", "film", "film")
	film, err := os.ReadFile(filepath.Join(i.dir, "film"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(i.dir, "here"), 0o755); err != nil {
		t.Fatal(err)
	}
	i.script([]fault.Fault{{Operation: "DownloadFile", Kind: fault.Trickle, Rate: 6 * mib, Times: -1}})
	return i, film
}

// sentFilm returns how many bytes of files the service has sent.
func (i *interruption) sentFilm() (n int64) {
	for _, exchange := range i.service.Exchanges() {
		if exchange.Operation == "DownloadFile" {
			n += exchange.BytesOut
		}
	}
	return n
}

// A download that is killed at any moment, again and again, continues when it is run again:
// only what is missing travels, and the name appears when the file is whole.
func TestDownloadKilledOften(t *testing.T) {
	t.Parallel()
	i, film := newFilm(t)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	kills, continued := 0, 0
	for {
		p := i.start(nil, "download", "-o", "here", filmPath)
		ended := make(chan int, 1)
		go func() { ended <- p.finish() }()
		var killed bool
		select {
		case code := <-ended:
			if code != exitOK {
				t.Fatalf("seed %d, after %d kills: exit code %d: %s", seed, kills, code, &p.err)
			}
		case <-time.After(time.Duration(random.Int64N(int64(400 * time.Millisecond)))):
			p.Process.Kill()
			killed = <-ended != exitOK
		}
		if strings.Contains(p.err.String(), "continuing") {
			continued++
		}
		if !killed {
			break
		}
		if kills++; kills == 100 {
			t.Fatalf("seed %d: it does not come forward", seed)
		}
		if _, err := os.Lstat(filepath.Join(i.dir, "here", "film")); err == nil {
			break // killed after the rename
		}
	}
	got, err := os.ReadFile(filepath.Join(i.dir, "here", "film"))
	if err != nil || !bytes.Equal(got, film) {
		t.Errorf("seed %d: %d bytes, %v", seed, len(got), err)
	}
	sent := i.sentFilm()
	t.Logf("seed %d: %d kills, %d continued, %.1f MB sent for a file of %.1f MB", seed, kills, continued, float64(sent)/mb, float64(filmSize)/mb)
	if most := int64(filmSize + kills*costOfKill); sent > most {
		t.Errorf("seed %d: %d bytes were sent, at most %d are missing in %d runs", seed, sent, most, kills+1)
	}
	if kills > 5 && continued == 0 {
		t.Errorf("seed %d: it was never continued", seed)
	}
}

// One kill in the middle: what was there does not travel again.
func TestDownloadKilled(t *testing.T) {
	t.Parallel()
	i, film := newFilm(t)
	p := i.start(nil, "download", "-q", "-o", "here", filmPath)
	i.until("half of the file", func() bool { return i.downloaded() > filmSize/2 })
	p.kill()
	before := i.downloaded()
	entries, err := os.ReadDir(filepath.Join(i.dir, "here"))
	if err != nil || len(entries) != 2 {
		t.Fatalf("left: %v, %v", entries, err)
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	i.restart()
	p = i.start(nil, "download", "-o", "here", filmPath)
	if code := p.finish(); code != exitOK || !strings.Contains(p.err.String(), "continuing the interrupted download") {
		t.Fatalf("exit code %d: %s", code, &p.err)
	}
	if got, err := os.ReadFile(filepath.Join(i.dir, "here", "film")); err != nil || !bytes.Equal(got, film) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if sent, most := i.sentFilm(), int64(filmSize-before+costOfKill); sent > most {
		t.Errorf("%d bytes travelled, %d were missing", sent, most)
	}
	if entries, err := os.ReadDir(filepath.Join(i.dir, "here")); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// downloaded returns how many bytes are in the part file: its blocks that are no holes, as far as
// they are no zeros. The film has none.
func (i *interruption) downloaded() (n int) {
	parts, _ := filepath.Glob(filepath.Join(i.dir, "here", ".bytescale-*.part"))
	if len(parts) != 1 {
		return 0
	}
	data, err := os.ReadFile(parts[0])
	if err != nil {
		return 0
	}
	const block = 4096
	for at := 0; at < len(data); at += block {
		if bytes.IndexFunc(data[at:min(at+block, len(data))], func(r rune) bool { return r != 0 }) >= 0 {
			n += block
		}
	}
	return n
}

// Ctrl-C keeps what is there, and says so.
func TestCtrlCDownloadContinues(t *testing.T) {
	t.Parallel()
	i, _ := newFilm(t)
	p := i.start(nil, "download", "-q", "-o", "here", filmPath)
	i.until("some of the file", func() bool { return i.downloaded() > filmSize/4 })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.finish(); code != 130 || p.err.String() != "bytescale: interrupted; run the same command again to continue\n" {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
	i.restart()
	p = i.start(nil, "download", "-o", "here", filmPath)
	if code := p.finish(); code != exitOK || !strings.Contains(p.err.String(), "continuing") {
		t.Errorf("exit code %d: %s", code, &p.err)
	}
}

// The user is told to continue only if that is possible: not if others can write to the
// directory.
func TestInterruptedDownloadSaysWhatIsNext(t *testing.T) {
	for mode, want := range map[os.FileMode]string{
		0o755: "bytescale: interrupted; run the same command again to continue\n",
		0o777: "",
	} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork())
			srv.AddFile(bytescale.FileDetails{FilePath: filmPath}, make([]byte, 2*mib))
			srv.Fail(fault.Fault{Operation: "DownloadFile", Kind: fault.Trickle, Rate: mib})
			ctx, stop := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { stop(stopped{os.Interrupt}) })
			c := &downloadCmd{}
			var said bytes.Buffer
			err := c.toFile(ctx, srv.Client(bytescale.WithObserver(c.observe)), filmPath, target{name: filepath.Join(dir, "film")}, newProgress(&said, true, os.Getenv))
			if said.String() != want || errors.Is(err, errReported) != (want != "") || report(ctx, &said, err) != 130 {
				t.Errorf("%v: %v, it said %q", mode, err, &said)
			}
		})
	}
}
