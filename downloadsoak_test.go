package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// TestSoakDownloads makes random downloads with random faults. Each ends with the same bytes,
// or with an error whose type a program can decide by. A file that was not downloaded has no
// name, and is downloaded when it is tried again.
func TestSoakDownloads(t *testing.T) {
	t.Parallel()
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d downloads, seed %d", *soakTransfers, seed)
	var whole, failed, continued, requests int
	for nth := range *soakTransfers {
		synctest.Test(t, func(t *testing.T) {
			s := &downloadSoak{T: t, random: rand.New(rand.NewPCG(seed, uint64(nth))), which: fmt.Sprintf("-soak.seed=%d, download %d", seed, nth)}
			s.run()
			requests += s.requests
			if s.ok {
				whole++
			} else {
				failed++
			}
			if s.continued {
				continued++
			}
		})
	}
	t.Logf("%d whole, %d ended with an error, %d of them continued, %d requests", whole, failed, continued, requests)
	if *soakTransfers >= 100 && (whole == 0 || failed == 0 || continued == 0) {
		t.Error("the faults are too mild or too harsh to say anything")
	}
}

type downloadSoak struct {
	*testing.T
	random *rand.Rand
	which  string
	faults []fault.Fault

	ok, continued bool
	requests      int
}

func (s *downloadSoak) complain(format string, args ...any) {
	s.Helper()
	s.Errorf("%s: faults %+v: %s", s.which, s.faults, fmt.Sprintf(format, args...))
}

func (s *downloadSoak) run() {
	random := s.random
	part := int64(100 + random.IntN(20_000))
	data := noise(random.Uint64(), random.IntN(6*int(part)))
	if random.IntN(20) == 0 {
		data = nil
	}
	s.faults = downloadFaults(random, part)

	srv, err := bytescaletest.Start(bytescaletest.WithMemoryNetwork())
	if err != nil {
		s.Fatal(err)
	}
	defer srv.Close()
	srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, data)
	srv.Fail(s.faults...)
	client := srv.Client(bytescale.WithPutsInFlight(1 + random.IntN(8)))
	bytescale.SetDownloadPart(client, part)

	ctx, cancel := context.WithCancel(s.Context())
	if random.IntN(5) == 0 { // the caller gives up, at any moment
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.Int64N(int64(2*time.Second))))
	}
	defer cancel()
	var got []byte
	switch random.IntN(4) {
	case 0:
		got, err = readAll(ctx, client)
	case 1:
		var w memory
		_, err = client.DownloadToWriterAt(ctx, conformancePath, &w)
		got = w.data
	default:
		got, err = s.toFile(ctx, client, srv, data)
	}
	s.requests = len(srv.Exchanges())
	s.ok = err == nil
	switch {
	case err == nil && !bytes.Equal(got, data):
		s.complain("no error, and %d bytes of %d", len(got), len(data))
	case err != nil && !typedDownload(err) && (ctx.Err() == nil || !errors.Is(err, ctx.Err())):
		s.complain("the error has no type: %v", err)
	}
	if v := srv.Violations(); len(v) > 0 {
		s.complain("violations %v", v)
	}
}

func readAll(ctx context.Context, client *bytescale.Client) ([]byte, error) {
	body, err := client.Download(ctx, conformancePath)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// toFile downloads to a file. If that fails, it tries again without faults.
func (s *downloadSoak) toFile(ctx context.Context, client *bytescale.Client, srv *bytescaletest.Server, data []byte) ([]byte, error) {
	dir := s.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		s.Fatal(err)
	}
	name := filepath.Join(dir, "file")
	_, failure := client.DownloadTo(ctx, conformancePath, name)
	if _, err := os.Lstat(name); (failure == nil) != (err == nil) {
		s.complain("%v, and the name: %v", failure, err)
	}
	if failure != nil {
		srv.ClearFaults()
		again, err := client.DownloadTo(s.Context(), conformancePath, name)
		if err != nil {
			s.complain("again: %v", err)
			return nil, failure
		}
		s.continued = again.Continued > 0
	}
	got, err := os.ReadFile(name)
	if err != nil || !bytes.Equal(got, data) {
		s.complain("the file has %d bytes of %d, %v", len(got), len(data), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		s.complain("left: %v, %v", entries, err)
	}
	return got, failure
}

// typedDownload reports whether a program can decide by the error of a download.
func typedDownload(err error) bool {
	var answer *bytescale.APIError
	var file *fs.PathError
	return errors.As(err, &answer) || errors.As(err, &file) || errors.Is(err, bytescale.ErrProtocol) ||
		errors.Is(err, bytescale.ErrStalled) || errors.Is(err, bytescale.ErrFileChanged) ||
		errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "connection")
}

// downloadFaults draws up to five faults that a bad network, a bad proxy or a bad CDN can cause.
func downloadFaults(random *rand.Rand, part int64) (faults []fault.Fault) {
	if random.IntN(20) == 0 {
		// Without ranges, nothing could tell that it is too long.
		return []fault.Fault{{Operation: "DownloadFile", Occurrence: 3, Kind: fault.Lengthen, AfterBytes: 1 + random.Int64N(part)}}
	}
	for range random.IntN(6) {
		f := fault.Fault{Operation: "DownloadFile", Occurrence: 1 + random.IntN(6), Times: 1 + random.IntN(3)}
		switch random.IntN(12) {
		case 0:
			f.Kind, f.Status = fault.Status, []int{204, 408, 429, 500, 502, 503}[random.IntN(6)]
		case 1:
			f.Kind, f.Status, f.RetryAfter = fault.Status, 503, pickOf(random, "0", "1", "30", "3600")
		case 2:
			f.Kind = fault.Reset
		case 3, 4:
			f.Kind, f.AfterBytes = fault.Truncate, random.Int64N(part+1)
		case 5:
			f.Kind = pickOf(random, fault.Stall, fault.Switch)
		case 6:
			f.Kind, f.AfterBytes = fault.StallAnswer, random.Int64N(part+1)
		case 7:
			f.Kind, f.Rate = fault.Trickle, 1+random.Int64N(5000)
		case 8:
			f.Kind = fault.IgnoreRange
		case 9:
			f.Kind, f.Header = fault.EditHeader, pickOf(random,
				map[string]string{"ETag": ""}, map[string]string{"ETag": `W/"weak"`}, map[string]string{"ETag": `"other"`},
				map[string]string{"Content-Range": "bytes 0-0/1"}, map[string]string{"Content-Range": ""},
				map[string]string{"Content-Encoding": "gzip"})
		case 10:
			f.Kind, f.Delay = fault.Delay, time.Duration(random.Int64N(int64(2*time.Minute)))
		case 11:
			f.Kind, f.Status, f.Times = fault.Status, []int{400, 403, 404, 416}[random.IntN(4)], -1
		}
		if random.IntN(10) == 0 { // in the place of a range
			f.Kind, f.Status, f.Header, f.AfterBytes, f.Body = fault.Garbage, 206, nil, 0, "<html>"
		}
		faults = append(faults, f)
	}
	return faults
}
