package download

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// ToFile downloads a file to a file of this machine, which gets its name when it is whole.
// Whatever has the name already is replaced if replace is set, and refused otherwise. A link
// is not followed. A directory, a device and a name in /dev are always refused.
func (e *Engine) ToFile(ctx context.Context, f File, name string, replace bool, report func(Counts)) (Result, error) {
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

// destination is where a file is to appear.
type destination struct {
	name    string // as the caller gave it
	root    *os.Root
	base    string // of the file in root
	replace bool
}

var errDevice = errors.New("is a device or in /dev, where no file belongs")

func newDestination(name string, replace bool) (*destination, error) {
	info, err := os.Lstat(name)
	switch {
	case err == nil && info.IsDir():
		return nil, failed(name, syscall.EISDIR)
	case err == nil && info.Mode()&fs.ModeDevice != 0, filepath.Dir(name) == "/dev":
		// A user with the right to do that would replace /dev/null or /dev/stdout.
		return nil, failed(name, errDevice)
	case err == nil && !replace:
		return nil, failed(name, fs.ErrExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	root, err := osfile.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	return &destination{name: name, root: root, base: filepath.Base(name), replace: replace}, nil
}

func failed(name string, err error) error {
	return &fs.PathError{Op: "download", Path: name, Err: err}
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
