//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// apiKey is accepted by both servers.
const apiKey = "secret_A623uY2bench"

// client is a program that can do a work. command returns it ready to start;
// what is prepared there is not measured.
type client struct {
	name    string
	missing string // why it cannot run here; empty if it can
	command func(w work, s *server) (*exec.Cmd, error)
	check   func(w work) error // looks at what a run has left; nil if nothing
}

// bench holds what the clients share.
type bench struct {
	dir       string // scratch
	downloads string // where downloads go
	root      string // of the repository
	emulator  bool   // the server is the emulator instead of the stub
	cert      certificate
}

// clients returns ours and the peers, those that are missing included.
func (b *bench) clients() []client {
	return []client{
		{name: "bytescale file", command: b.commandFile},
		{name: "bytescale one request", command: b.commandOneRequest},
		{name: "bytescale stream", command: b.commandStream},
		{name: "curl, same parts", missing: missing("curl"), command: b.commandCurl},
		{name: "JS SDK Buffer", missing: b.missingJS(), command: b.commandJS("buffer")},
		{name: "JS SDK stream", missing: b.missingJS(), command: b.commandJS("stream")},
		{name: "bytescale download", command: b.commandDownload, check: b.checkDownload},
		{name: "curl, one connection", missing: missing("curl"), command: b.commandCurlDownload, check: b.checkDownload},
		{name: "AWS transfer manager", missing: b.missingAWS(), command: b.commandAWS, check: b.checkDownload},
		{name: "bytescale sync", command: b.commandSync},
	}
}

func missing(program string) string {
	if _, err := exec.LookPath(program); err != nil {
		return program + " is not installed"
	}
	return ""
}

func (b *bench) missingJS() string {
	if reason := missing("node"); reason != "" {
		return reason
	}
	if _, err := os.Stat(filepath.Join(b.root, "bench", "js", "node_modules", "@bytescale", "sdk")); err != nil {
		return "the JavaScript SDK is not installed (npm failed)"
	}
	return ""
}

// command returns our command, ready to start.
func (b *bench) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(b.dir, "bytescale"), args...)
	cmd.Env = append(b.cert.trusting(), "BYTESCALE_API_KEY="+apiKey, "XDG_STATE_HOME="+filepath.Join(b.dir, "state"))
	return cmd
}

func (b *bench) missingAWS() string {
	if _, err := os.Stat(filepath.Join(b.dir, "aws")); err != nil {
		return "the SDK for Go could not be built"
	}
	return ""
}

func (b *bench) commandFile(w work, s *server) (*exec.Cmd, error) {
	return b.command(append(w.upload(s), w.paths...)...), nil
}

// commandOneRequest uploads the directory of the files: each has a path of its own then,
// without which it could not be stored in one request.
func (b *bench) commandOneRequest(w work, s *server) (*exec.Cmd, error) {
	return b.command(append(w.upload(s), "--single-request", "1MB", "--recursive", "--folder", "/bench", w.dir)...), nil
}

// upload returns the arguments of our command for uploads.
func (w work) upload(s *server) []string {
	args := []string{"upload", "--quiet", "--api-url", s.url}
	if !w.rated {
		args = append(args, "--api-rate", "1000000")
	}
	return args
}

func (b *bench) commandSync(w work, s *server) (*exec.Cmd, error) {
	return b.command("sync", "--quiet", "--api-url", s.url, w.dir, "bytescale:/bench"), nil
}

func (b *bench) commandDownload(w work, s *server) (*exec.Cmd, error) {
	return b.command("download", "--quiet", "--cdn-url", s.url, "--output", b.downloaded(), "/"+w.stored()), b.removeDownloaded()
}

func (b *bench) commandCurlDownload(w work, s *server) (*exec.Cmd, error) {
	return exec.Command("curl", "--silent", "--show-error", "--fail", "--cacert", b.cert.cert, "--output", b.downloaded(),
		s.url+"/"+accountID+"/raw/"+w.stored()), b.removeDownloaded()
}

func (b *bench) commandAWS(w work, s *server) (*exec.Cmd, error) {
	return exec.Command(filepath.Join(b.dir, "aws"), s.url, accountID, "raw/"+w.stored(), b.downloaded()), b.removeDownloaded()
}

// stored is the path of the only file of a work at the stub, without its first slash.
func (w work) stored() string {
	name, err := filepath.Rel(w.dir, w.paths[0])
	if err != nil {
		panic(err) // prepare made it
	}
	return "bench/" + filepath.ToSlash(name)
}

// downloaded is the file that every download writes.
func (b *bench) downloaded() string { return filepath.Join(b.downloads, "downloaded.bin") }

func (b *bench) removeDownloaded() error { return os.RemoveAll(b.downloaded()) }

// checkDownload looks whether the file is the one that is stored.
func (b *bench) checkDownload(w work) error { return sameContent(w.paths[0], b.downloaded()) }

func (b *bench) commandStream(w work, s *server) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(b.dir, "client"), "-stream", s.url, apiKey, w.paths[0])
	cmd.Env = b.cert.trusting()
	return cmd, nil
}

// commandCrowd uploads a stream beside a thousand others whose sources are silent.
func (b *bench) commandCrowd(w work, s *server) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(b.dir, "client"), "-stream", "-silent", "1000", s.url, apiKey, w.paths[0])
	cmd.Env = b.cert.trusting()
	return cmd, nil
}

func (b *bench) commandJS(mode string) func(work, *server) (*exec.Cmd, error) {
	return func(w work, s *server) (*exec.Cmd, error) {
		script := filepath.Join(b.root, "bench", "js", "upload.mjs")
		args := append([]string{script, mode, s.url, apiKey, "8"}, w.paths...)
		cmd := exec.Command("node", args...)
		cmd.Env = b.cert.trusting()
		return cmd, nil
	}
}

// commandCurl PUTs the parts of the files, which lie ready as files, to URLs
// that were asked for beforehand. It makes no API call and knows nothing of
// the protocol: it is the limit of what the machine can send.
func (b *bench) commandCurl(w work, s *server) (*exec.Cmd, error) {
	config, err := os.Create(filepath.Join(b.dir, "curl.config"))
	if err != nil {
		return nil, err
	}
	defer config.Close()
	atATime := putsInFlight
	if w.files > 1 {
		atATime = smallPutsInFlight
	}
	fmt.Fprintf(config, "parallel\nparallel-max = %d\nsilent\nshow-error\nfail\ncacert = %q\nheader = \"Expect:\"\nheader = \"Content-Type:\"\n", atATime, b.cert.cert)
	uploads, err := s.beginAll(w)
	if err != nil {
		return nil, err
	}
	for i, parts := range uploads {
		dir := filepath.Join(b.dir, "parts", strconv.Itoa(i))
		if err := split(w.paths[i], dir, parts); err != nil {
			return nil, err
		}
		for j, part := range parts {
			fmt.Fprintf(config, "url = %q\nupload-file = %q\noutput = %q\n", part.url, partPath(dir, j), os.DevNull)
		}
	}
	return exec.Command("curl", "--config", config.Name()), config.Sync()
}

// Our client's defaults, and so what curl gets too.
const (
	putsInFlight      = 8
	smallPutsInFlight = 64 // of bodies below 1 MiB
)

func partPath(dir string, i int) string { return filepath.Join(dir, "part-"+strconv.Itoa(i)) }
