//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
	"golang.org/x/sync/errgroup"
)

const accountID = "A623uY2"

// server is a server in a process of its own that discards what it gets.
type server struct {
	url  string
	cmd  *exec.Cmd
	http *http.Client // trusts it
}

// conditions are what a server imposes.
type conditions struct {
	latency   time.Duration // of each API call
	bandwidth int64         // of each part PUT and each download by itself, in bytes per second; 0 is no limit
	tls       bool          // the stub only
}

// serve starts a server and waits until it answers. The stub has the files of a work stored.
func (b *bench) serve(w work) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	cmd, err := b.serverCommand(address, w)
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://" + address, cmd: cmd, http: http.DefaultClient}
	if w.tls {
		s.url = "https://" + address
		if s.http, err = b.cert.client(); err != nil {
			return nil, err
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			return s, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("the server does not answer")
}

// serverCommand is the stub, or the emulator, with its log to the void.
func (b *bench) serverCommand(address string, w work) (*exec.Cmd, error) {
	bandwidth := strconv.FormatInt(w.bandwidth, 10)
	if !b.emulator {
		args := []string{"-latency", w.latency.String(), "-bandwidth", bandwidth, "-files", w.dir}
		if w.tls {
			args = append(args, "-cert", b.cert.cert, "-key", b.cert.key)
		}
		return exec.Command(filepath.Join(b.dir, "stub"), append(args, address)...), nil
	}
	data, err := os.MkdirTemp(b.dir, "data-*")
	if err != nil {
		return nil, err
	}
	args := []string{"emulator", "--addr", address, "--data", data, "--discard", "--api-latency", w.latency.String()}
	if w.bandwidth > 0 {
		args = append(args, "--bandwidth", bandwidth)
	}
	return exec.Command(filepath.Join(b.dir, "bytescale"), args...), nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// calls returns how many API calls the stub has had; 0 if the server is the emulator, which
// does not tell.
func (s *server) calls() (n int64, err error) {
	response, err := s.http.Get(s.url + "/calls")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, nil
	}
	return n, json.NewDecoder(response.Body).Decode(&n)
}

func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

type part struct {
	url        string
	start, end int64 // inclusive
}

// beginAll begins an upload of each file of a work.
func (s *server) beginAll(w work) ([][]part, error) {
	uploads := make([][]part, len(w.paths))
	var group errgroup.Group
	group.SetLimit(32)
	for i := range uploads {
		group.Go(func() (err error) {
			uploads[i], err = s.begin(w.size)
			return err
		})
	}
	return uploads, group.Wait()
}

// begin begins an upload and asks for the URL of each of its parts.
func (s *server) begin(size int64) ([]part, error) {
	var begun gen.BeginMultipartUploadResponse
	body, err := json.Marshal(map[string]any{"size": size, "protocol": "1.1"})
	if err != nil {
		return nil, err
	}
	if err := s.call(http.MethodPost, "/uploads", body, &begun); err != nil {
		return nil, err
	}
	parts := make([]part, begun.UploadParts.Count)
	var group errgroup.Group
	group.SetLimit(32)
	for i := range parts {
		group.Go(func() error {
			var got gen.UploadPart
			err := s.call(http.MethodGet, fmt.Sprintf("/uploads/%s/parts/%d", begun.UploadID, i), nil, &got)
			parts[i] = part{got.UploadURL, got.Range.InclusiveStart, got.Range.InclusiveEnd}
			return err
		})
	}
	return parts, group.Wait()
}

func (s *server) call(method, path string, body []byte, answer any) error {
	request, err := http.NewRequest(method, s.url+"/v2/accounts/"+accountID+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+apiKey)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return json.Unmarshal(text, answer)
}
