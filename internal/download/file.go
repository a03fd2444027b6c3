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
	"time"

	"github.com/c88edac7/bytescale-go/internal/errs"
	"github.com/c88edac7/bytescale-go/internal/osfile"
)

// ToFile downloads a file to a file of this machine, which gets its name when it is whole.
// Whatever has the name already is replaced if replace is set, and refused otherwise. A link
// is not followed. A directory, a device and a name in /dev are always refused.
func (e *Engine) ToFile(ctx context.Context, f File, name string, replace bool, report func(Counts)) (Result, error) {
	root, err := openAbove(name, replace)
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	place := Place{Dir: root, Name: filepath.Base(name), Replace: replace, Size: -1}
	return e.toFile(ctx, f, &destination{Place: place, name: name}, report)
}

// Place is a place for a file in an open directory.
type Place struct {
	Dir     *os.Root
	Name    string    // in Dir, without separators
	Replace bool      // replace what has the name
	ModTime time.Time // of the file to come; the time of the download if it is zero
	Size    int64     // that the file is known to have; -1 if it is not known
}

// ToPlace is [Engine.ToFile] for a directory that is open. The file is never written outside
// of it. The modification time is set where the system can set that of an open file. A file
// of another size than that of the place is an [errs.ErrFileChanged].
func (e *Engine) ToPlace(ctx context.Context, f File, p Place, report func(Counts)) (Result, error) {
	found, err := p.Dir.Lstat(p.Name)
	if err := checkName(p.Name, found, err, p.Replace); err != nil {
		return Result{}, err
	}
	return e.toFile(ctx, f, &destination{Place: p, name: p.Name}, report)
}

func (e *Engine) toFile(ctx context.Context, f File, d *destination, report func(Counts)) (Result, error) {
	out, o, missing, err := e.openFile(ctx, f, d)
	if err != nil {
		return Result{}, err
	}
	defer o.close()
	stop := out.keepsDurable(ctx)
	result, err := e.receive(ctx, f, o, out, missing, report)
	stop()
	if err == nil {
		err = d.checkSize(result.Size)
	}
	if err == nil {
		err = d.place(out)
	}
	out.end(err)
	return result, err
}

// openFile opens the download and the file to write to. It continues what an earlier
// download has left, if that is still of use. missing is nil for all of the file.
func (e *Engine) openFile(ctx context.Context, f File, d *destination) (out *output, o *opening, missing []span, err error) {
	out, missing = d.unfinished(f)
	if out != nil && d.checkSize(out.state.version.size) != nil {
		out.drop()
		out = nil
	}
	if out != nil {
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
	if err := d.checkSize(o.FileSize); err != nil {
		o.close()
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
	Place
	name string // as the caller gave it
}

var errDevice = errors.New("is a device or in /dev, where no file belongs")

// openAbove opens the directory of a name if the file may be written.
func openAbove(name string, replace bool) (*os.Root, error) {
	found, err := os.Lstat(name)
	if err := checkName(name, found, err, replace); err != nil {
		return nil, err
	}
	if filepath.Dir(name) == "/dev" {
		return nil, failed(name, errDevice)
	}
	return osfile.OpenRoot(filepath.Dir(name))
}

// checkName refuses a name that must not be given to a file, given what Lstat says of it.
func checkName(name string, found fs.FileInfo, err error, replace bool) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case found.IsDir():
		return failed(name, syscall.EISDIR)
	case found.Mode()&fs.ModeDevice != 0:
		// A user with the right to do that would replace /dev/null.
		return failed(name, errDevice)
	case !replace:
		return failed(name, fs.ErrExist)
	}
	return nil
}

// checkSize refuses a file of another size than it is known to have: another version of it,
// such as an older one from a cache. A size of -1 is not known.
func (d *destination) checkSize(size int64) error {
	if d.Size < 0 || size < 0 || size == d.Size {
		return nil
	}
	return fmt.Errorf("%w: it has %d bytes, not %d", errs.ErrFileChanged, size, d.Size)
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
	if !d.ModTime.IsZero() {
		// Some file systems cannot. A file that looks newer than it is does no harm.
		_ = osfile.SetModTime(out.NewFile.File, d.ModTime)
	}
	err = out.Place(d.Name, d.Replace)
	if errors.Is(err, fs.ErrExist) {
		return failed(d.name, fs.ErrExist)
	}
	return err
}

// mode returns the permissions of the file: those of the one that it replaces, or those of
// a new one.
func (d *destination) mode() (fs.FileMode, error) {
	if replaced, err := d.Dir.Lstat(d.Name); err == nil && replaced.Mode().IsRegular() {
		return replaced.Mode().Perm(), nil
	}
	mode, err := osfile.DefaultMode(d.Dir)
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
	f, err := osfile.Create(d.Dir)
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
