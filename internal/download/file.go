package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// ToFile downloads a file to a file of this machine, which gets its name when it is whole.
// A file that exists is replaced if replace is set, and refused otherwise. If the name is a
// link, the file that it leads to is created or replaced. A pipe or a device is written to,
// a disk only if replace is set.
func (e *Engine) ToFile(ctx context.Context, f File, name string, replace bool, report func(Counts)) (Result, error) {
	if isDescriptor(name) || isDevice(name, replace) {
		return e.toDevice(ctx, f, name, report)
	}
	d, err := newDestination(name, replace)
	if err != nil {
		return Result{}, err
	}
	defer d.root.Close()
	out, o, missing, err := e.openFile(ctx, f, d)
	if err != nil {
		return Result{}, err
	}
	defer o.close()
	stop := out.keepsDurable(ctx)
	result, err := e.receive(ctx, f, o, out, missing, report)
	stop()
	if err == nil {
		err = d.place(out)
	}
	out.end(err)
	return result, err
}

// openFile opens the download and the file to write to. It continues what an earlier
// download has left, if that is still of use. missing is nil for all of the file.
func (e *Engine) openFile(ctx context.Context, f File, d *destination) (out *output, o *opening, missing []span, err error) {
	if out, missing = d.unfinished(f); out != nil {
		o, err = e.beginAt(ctx, f, out.state.version, missing[0])
		if err == nil {
			return out, o, missing, nil
		}
		if !isStale(e.Policy(err).Status, err) {
			out.end(err)
			return nil, nil, nil, err
		}
		out.drop()
	}
	if o, err = e.begin(ctx, f); err != nil {
		return nil, nil, nil, err
	}
	if o.reason == nil && o.FileSize >= e.Part/continuedFrom {
		out, err = d.newPart(f, version{o.ETag, o.FileSize})
		if errors.Is(err, errNotPrivate) {
			e.OnNoContinuation(NoContinuation{Context: ctx, Err: err})
			out, err = d.newOutput()
		}
	} else {
		out, err = d.newOutput()
	}
	if err != nil {
		o.close()
		return nil, nil, nil, err
	}
	return out, o, nil, nil
}

// isStale reports whether the first request of a download that is continued shows that it
// cannot be, and that it can be begun again: the file has changed, or the server sends no
// ranges of it any more.
func isStale(status int, err error) bool {
	return errors.Is(err, errs.ErrFileChanged) || errors.Is(err, errs.ErrProtocol) || status == http.StatusRequestedRangeNotSatisfiable
}

// toDevice writes a file, in order, to what a name leads to.
func (e *Engine) toDevice(ctx context.Context, f File, name string, report func(Counts)) (Result, error) {
	w, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return Result{}, err
	}
	if info, err := w.Stat(); err != nil || info.Mode().IsRegular() && !isDescriptor(name) {
		w.Close()
		return Result{}, failed(name, cmp.Or(err, errReplaced))
	}
	result, err := e.copyTo(ctx, f, w, report)
	return result, errors.Join(err, w.Close())
}

func (e *Engine) copyTo(ctx context.Context, f File, w io.Writer, report func(Counts)) (Result, error) {
	s, err := e.Stream(ctx, f, nil)
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	progress := newProgress(0, s.Size, report)
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	for {
		n, err := s.Read(buffer[:])
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return Result{}, &errs.TargetError{Err: err}
			}
			progress.written(int64(n))
		}
		if err == io.EOF {
			progress.whole(s.read)
			return Result{Size: s.read, ContentType: s.ContentType, ETag: s.ETag}, nil
		}
		if err != nil {
			return Result{}, err
		}
	}
}

// isDescriptor reports whether a name is that of an open file of this process, which is
// written to, because its place is not ours to change.
func isDescriptor(name string) bool {
	clean := filepath.ToSlash(filepath.Clean(name))
	return clean == "/dev/stdout" || clean == "/dev/stderr" ||
		strings.HasPrefix(clean, "/dev/fd/") || strings.HasPrefix(clean, "/proc/self/fd/")
}

// isDevice reports whether a name leads to a pipe or a device. Writing to these destroys
// nothing, except to a disk, which counts only if it may be overwritten.
func isDevice(name string, disks bool) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	mode := info.Mode()
	return mode&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 || disks && mode&fs.ModeDevice != 0
}

// destination is where a file is to appear.
type destination struct {
	name    string // as the caller gave it
	root    *os.Root
	base    string // of the file in root
	replace bool
}

var (
	errNotRegular = errors.New("is neither a file, nor a pipe, nor a device")
	errReplaced   = errors.New("was replaced by something else meanwhile")
)

func newDestination(name string, replace bool) (*destination, error) {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, failed(name, syscall.EISDIR)
	case err == nil && !info.Mode().IsRegular() && info.Mode()&fs.ModeDevice == 0:
		return nil, failed(name, errNotRegular)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if _, err := os.Lstat(name); err == nil && !replace {
		return nil, failed(name, fs.ErrExist)
	}
	path := linked(name)
	root, err := osfile.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return &destination{name: name, root: root, base: filepath.Base(path), replace: replace}, nil
}

func failed(name string, err error) error {
	return &fs.PathError{Op: "download", Path: name, Err: err}
}

// linked returns the name that a chain of links leads to, whether or not a file of that
// name exists.
func linked(target string) string {
	for range 40 { // the system follows no more links either
		next, err := os.Readlink(target)
		if err != nil {
			break
		}
		if !filepath.IsAbs(next) {
			// The name is not cleaned, because the directory may be a link too.
			next = filepath.Dir(target) + string(filepath.Separator) + next
		}
		target = next
	}
	return target
}

// place gives a file its permissions and its name.
func (d *destination) place(out *output) error {
	mode, err := d.mode()
	if err != nil {
		return err
	}
	if err := osfile.SetMode(out.NewFile.File, mode); err != nil {
		return err
	}
	err = out.Place(d.base, d.replace)
	if errors.Is(err, fs.ErrExist) {
		return failed(d.name, fs.ErrExist)
	}
	return err
}

// mode returns the permissions of the file: those of the one that it replaces, or those of
// a new one.
func (d *destination) mode() (fs.FileMode, error) {
	if replaced, err := d.root.Lstat(d.base); err == nil && replaced.Mode().IsRegular() {
		return replaced.Mode().Perm(), nil
	}
	mode, err := osfile.DefaultMode(d.root)
	if err != nil {
		return 0, fmt.Errorf("permissions of a new file: %w", err)
	}
	return mode, nil
}

// output is the file that a download writes to.
type output struct {
	*osfile.NewFile
	state *state // nil if another process cannot continue the download
}

// newOutput returns a file that nobody can continue.
func (d *destination) newOutput() (*output, error) {
	f, err := osfile.Create(d.root)
	if err != nil {
		return nil, err
	}
	return &output{NewFile: f}, nil
}

func (out *output) note(n int64, missing func() []span) {
	if out.state != nil {
		out.state.note(n, missing)
	}
}

// end closes the file after its download ended with err. What another download can go on
// with stays.
func (out *output) end(err error) {
	changed := errors.Is(err, errs.ErrFileChanged) || errors.Is(err, errs.ErrNotFound)
	if out.state == nil || err == nil || changed || errors.Is(err, fs.ErrExist) {
		out.drop()
		return
	}
	out.state.flush()
	out.Close()
	out.state.file.Close()
}

// drop removes the file, unless it got its name, and its state.
func (out *output) drop() {
	out.Discard()
	if out.state != nil {
		out.state.remove()
	}
}
