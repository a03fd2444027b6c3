package bytescale_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// downloading is a server with a file of several parts, and a directory to download it to.
type downloading struct {
	*testing.T
	srv    *bytescaletest.Server
	client *bytescale.Client
	data   []byte
	dir    string
}

func newDownloading(t *testing.T, options ...bytescaletest.Option) *downloading {
	t.Helper()
	d := &downloading{T: t, srv: bytescaletest.NewServer(t, options...), data: noise(7, 5*conformancePart+30000), dir: t.TempDir()}
	if err := os.Chmod(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d.srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, d.data)
	d.client = d.newClient()
	return d
}

func (d *downloading) newClient() *bytescale.Client {
	c := d.srv.Client(bytescale.WithPutsInFlight(2))
	bytescale.SetDownloadPart(c, conformancePart)
	return c
}

func (d *downloading) name(name string) string { return filepath.Join(d.dir, name) }

// whole fails the test unless the file in the directory is whole, and the only one.
func (d *downloading) whole(name string) {
	d.Helper()
	if got, err := os.ReadFile(d.name(name)); err != nil || !bytes.Equal(got, d.data) {
		d.Errorf("%s has %d bytes of %d, %v", name, len(got), len(d.data), err)
	}
	if left := d.left(); len(left) != 0 {
		d.Errorf("left: %v", left)
	}
}

// left returns the names of part and state files.
func (d *downloading) left() (names []string) {
	d.Helper()
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		d.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".bytescale-") {
			names = append(names, entry.Name())
		}
	}
	return names
}

// sent returns how many bytes the server has sent.
func (d *downloading) sent() (n int64) {
	synctest.Wait() // the server counts when it has seen the end of a request
	for _, exchange := range d.srv.Exchanges() {
		n += exchange.BytesOut
	}
	return n
}

// interrupt begins a download and ends it when most of the file is there.
func (d *downloading) interrupt() {
	d.Helper()
	ctx, cancel := context.WithCancel(d.Context())
	defer cancel()
	// The last part never comes whole.
	d.srv.Fail(fault.Fault{Operation: "DownloadFile", Occurrence: 5, Kind: fault.StallAnswer, AfterBytes: 5000})
	time.AfterFunc(time.Second, cancel)
	_, err := d.client.DownloadTo(ctx, conformancePath, d.name("file"))
	if !errors.Is(err, context.Canceled) {
		d.Fatalf("error %v", err)
	}
	if _, err := os.Lstat(d.name("file")); !errors.Is(err, fs.ErrNotExist) {
		d.Errorf("the name before the end: %v", err)
	}
	for _, left := range d.left() {
		if info, err := os.Lstat(d.name(left)); err != nil || info.Mode() != 0o600 {
			d.Errorf("%s: %v, %v", left, info, err)
		}
	}
	if len(d.left()) != 2 {
		d.Errorf("left: %v", d.left())
	}
}

// inVirtualTime runs a test with a server in memory.
func inVirtualTime(t *testing.T, test func(d *downloading)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newDownloading(t, bytescaletest.WithMemoryNetwork())) })
}

// A download that was interrupted is continued by another client: only what is missing travels.
func TestDownloadContinues(t *testing.T) {
	inVirtualTime(t, func(d *downloading) {
		d.interrupt()
		before := d.sent()
		var first bytescale.Progress
		file, err := d.newClient().DownloadTo(d.Context(), conformancePath, d.name("file"), bytescale.WithProgress(func(now bytescale.Progress) {
			if first.Total == 0 {
				first = now
			}
		}))
		if err != nil {
			d.Fatal(err)
		}
		d.whole("file")
		travelled := d.sent() - before
		if want := int64(len(d.data)) - file.Continued; travelled != want || file.Continued < 4*conformancePart {
			d.Errorf("%d bytes travelled, %d were there, of %d", travelled, file.Continued, len(d.data))
		}
		if first.Confirmed != file.Continued || first.Sent != 0 {
			d.Errorf("the progress began with %+v", first)
		}
	})
}

// A download starts over if what was left is not certainly its own.
func TestDownloadStartsOver(t *testing.T) {
	for name, change := range map[string]func(d *downloading, part, state string) error{
		"the part file is gone":      func(_ *downloading, part, _ string) error { return os.Remove(part) },
		"the state file is gone":     func(_ *downloading, _, state string) error { return os.Remove(state) },
		"the state is damaged":       func(_ *downloading, _, state string) error { return os.WriteFile(state, []byte("{"), 0o600) },
		"the part file is shorter":   func(_ *downloading, part, _ string) error { return os.Truncate(part, 1000) },
		"others can read the part":   func(_ *downloading, part, _ string) error { return os.Chmod(part, 0o644) },
		"others can write the state": func(_ *downloading, _, state string) error { return os.Chmod(state, 0o622) },
		"the part has a second name": func(d *downloading, part, _ string) error { return os.Link(part, d.name("second")) },
		"the part is a link": func(d *downloading, part, _ string) error {
			return errors.Join(os.Rename(part, d.name("elsewhere")), os.Symlink("elsewhere", part))
		},
		"others can write to the directory": func(d *downloading, _, _ string) error { return os.Chmod(d.dir, 0o777) },
		"the file was replaced": func(d *downloading, _, _ string) error {
			d.data = noise(8, len(d.data))
			d.srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, d.data)
			return nil
		},
		"the file is shorter now": func(d *downloading, _, _ string) error {
			d.data = d.data[:10]
			d.srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, d.data)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(d *downloading) {
				d.interrupt()
				var part, state string
				for _, left := range d.left() {
					if strings.HasSuffix(left, ".part") {
						part = d.name(left)
					} else {
						state = d.name(left)
					}
				}
				if err := change(d, part, state); err != nil {
					d.Fatal(err)
				}
				file, err := d.newClient().DownloadTo(d.Context(), conformancePath, d.name("file"))
				if err != nil || file.Continued != 0 {
					d.Fatalf("%+v, %v", file, err)
				}
				if got, err := os.ReadFile(d.name("file")); err != nil || !bytes.Equal(got, d.data) {
					d.Errorf("%d bytes of %d, %v", len(got), len(d.data), err)
				}
			})
		})
	}
}

// A file that is replaced while it is downloaded is an error, and nothing is left of the mix.
func TestDownloadOfAFileThatChanges(t *testing.T) {
	for name := range downloadTargets {
		t.Run(name, func(t *testing.T) {
			inVirtualTime(t, func(d *downloading) {
				d.srv.Fail(fault.Fault{Operation: "DownloadFile", Kind: fault.StallAnswer, AfterBytes: 5000})
				time.AfterFunc(time.Second, func() {
					d.srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, noise(9, len(d.data)))
				})
				c := d.srv.Client(bytescale.WithPutsInFlight(1))
				bytescale.SetDownloadPart(c, conformancePart)
				if _, err := downloadTargets[name](d.T, c); !errors.Is(err, bytescale.ErrFileChanged) {
					d.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestDownloadToNames(t *testing.T) {
	d := newDownloading(t)
	get := func(name string, options ...bytescale.DownloadToOption) error {
		_, err := d.client.DownloadTo(t.Context(), conformancePath, d.name(name), options...)
		return err
	}
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := errors.Join(os.WriteFile(d.name(name), []byte(content), mode), os.Chmod(d.name(name), mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := get("new"); err != nil {
		t.Fatal(err)
	}
	d.whole("new")
	write("plain", "", 0o666&^umask(t, d.dir))
	made, _ := os.Stat(d.name("new"))
	plain, _ := os.Stat(d.name("plain"))
	if made.Mode() != plain.Mode() {
		t.Errorf("mode %v, that of others is %v", made.Mode(), plain.Mode())
	}

	write("old", "precious", 0o640)
	if err := get("old"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that exists: %v", err)
	}
	if content, err := os.ReadFile(d.name("old")); string(content) != "precious" || err != nil {
		t.Errorf("it holds %q, %v", content, err)
	}
	if err := get("old", bytescale.WithOverwrite()); err != nil {
		t.Error(err)
	}
	d.whole("old")
	if info, err := os.Stat(d.name("old")); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	if err := os.Symlink("leads", d.name("link")); err != nil {
		t.Fatal(err)
	}
	if err := get("link"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a link: %v", err)
	}
	if err := get("link", bytescale.WithOverwrite()); err != nil {
		t.Error(err)
	}
	d.whole("link")
	if info, err := os.Lstat(d.name("link")); err != nil || !info.Mode().IsRegular() {
		t.Errorf("in the place of the link: %v, %v", info, err)
	}
	if _, err := os.Lstat(d.name("leads")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link was followed: %v", err)
	}

	if err := get("."); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a directory: %v", err)
	}
	for _, device := range []string{os.DevNull, "/dev/bytescale-test"} {
		_, err := d.client.DownloadTo(t.Context(), conformancePath, device)
		if err == nil || errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", device, err)
		}
	}
	if err := get("nowhere/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that does not exist: %v", err)
	}
	var argument *bytescale.ArgumentError
	if _, err := d.client.DownloadTo(t.Context(), conformancePath, ""); !errors.As(err, &argument) {
		t.Errorf("no name: %v", err)
	}
	if _, err := d.client.DownloadToWriterAt(t.Context(), conformancePath, nil); !errors.As(err, &argument) {
		t.Errorf("no writer: %v", err)
	}
	if _, err := d.client.DownloadToWriterAt(t.Context(), conformancePath, new(memory), bytescale.WithOverwrite()); !errors.As(err, &argument) {
		t.Errorf("an option of files: %v", err)
	}
}

// umask returns the mask of new files, as one shows it.
func umask(t *testing.T, dir string) os.FileMode {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "mask"), os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return 0o666 &^ info.Mode()
}

// Two downloads of the same file to the same name at the same time do not disturb each other.
func TestDownloadToTheSameName(t *testing.T) {
	inVirtualTime(t, func(d *downloading) {
		errs := make(chan error)
		for range 2 {
			go func() {
				_, err := d.newClient().DownloadTo(d.Context(), conformancePath, d.name("file"), bytescale.WithOverwrite())
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				d.Error(err)
			}
		}
		d.whole("file")
	})
}

// failingWriter is an io.WriterAt that has no room.
type failingWriter struct{ error }

func (w failingWriter) WriteAt([]byte, int64) (int, error) { return 0, w.error }

// The error of the place to write to is the caller's own, and is not retried.
func TestDownloadToAFullPlace(t *testing.T) {
	inVirtualTime(t, func(d *downloading) {
		full := errors.New("full")
		if _, err := d.client.DownloadToWriterAt(d.Context(), conformancePath, failingWriter{full}); !errors.Is(err, full) {
			d.Error(err)
		}
		if n := len(d.srv.Exchanges()); n > 2 { // as many as there are connections
			d.Errorf("%d requests", n)
		}
	})
}

// Many downloads at a time, more than there are places, do not wait for each other.
func TestManyDownloads(t *testing.T) {
	inVirtualTime(t, func(d *downloading) {
		d.srv.AddFile(bytescale.FileDetails{FilePath: conformancePath}, []byte("small"))
		c := d.srv.Client(bytescale.WithPutsInFlight(1))
		errs := make(chan error)
		const many = 50
		for range many {
			go func() {
				_, err := c.DownloadToWriterAt(d.Context(), conformancePath, new(memory))
				errs <- err
			}()
		}
		for range many {
			if err := <-errs; err != nil {
				d.Error(err)
			}
		}
	})
}
