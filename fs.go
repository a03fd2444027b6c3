package bytescale

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/c88edac7/bytescale-go/gen"
)

// FS returns the files and folders below folderPath as a file system for reading: an
// [io/fs.ReadDirFS], [io/fs.StatFS] and [io/fs.ReadFileFS]. [io/fs.WalkDir],
// [net/http.FileServerFS], [html/template.ParseFS] and the like work on it. Its files can seek.
// It is safe for concurrent use; an open file is not.
//
// Nothing is kept between two calls. To open a file, or to ask about it, is one GetFileDetails;
// for a folder it is a ListFolder besides. To read a directory is one ListFolder for every 1000
// entries, all of which are then in memory. The content of a file is read from the CDN when it
// is first needed, as by [Client.Download], and once more after each Seek to another place.
// ReadFile is one download and nothing else. Files of private folders need
// [WithCDNAuth]. The credentials must be allowed to read details
// and to list: a secret key is.
//
// Files have the mode 0444 and folders 0555. Folders have no time. The root always exists. A
// file or folder whose name io/fs does not allow, such as an empty one, is left out. If a file
// and a folder have the same path, the file is shown and what is in the folder is not. The
// service does not promise that the CDN serves what GetFileDetails describes: a file that was
// replaced may be the old one for a while.
//
// All errors are of type [*io/fs.PathError]. A missing file is [io/fs.ErrNotExist], status 403
// [io/fs.ErrPermission], and a name that the service does not allow [io/fs.ErrInvalid]. Retries
// are those of the calls. ctx applies to everything that is done with the file system and its
// files: when it ends, each call returns at once with an error that wraps ctx.Err() and its
// cause.
func (c *Client) FS(ctx context.Context, folderPath string, opts ...FSOption) fs.FS {
	system := &fileSystem{client: c, ctx: ctx, root: folderPath}
	for _, opt := range opts {
		if opt != nil {
			opt.applyFS(system)
		}
	}
	return system
}

// FSOption configures [Client.FS].
type FSOption interface {
	applyFS(*fileSystem)
}

// fileSystem is a folder as a file system.
type fileSystem struct {
	client  *Client
	ctx     context.Context
	root    string
	options []DownloadOption
}

var (
	errIsDirectory  = errors.New("is a directory")
	errNotDirectory = errors.New("is not a directory")
)

// path returns the path of a name for the service.
func (f *fileSystem) path(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	if err := checkFolderPath("folderPath", f.root); err != nil {
		return "", pathError(op, name, err)
	}
	if name == "." {
		return f.root, nil
	}
	return strings.TrimSuffix(f.root, "/") + "/" + name, nil
}

// pathError returns err as the errors of io/fs.
func pathError(op, name string, err error) error {
	var answer *APIError
	var argument *ArgumentError
	var known *fs.PathError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, ErrNotFound):
		err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case errors.As(err, &answer) && answer.Status == http.StatusForbidden:
		err = fmt.Errorf("%w: %w", fs.ErrPermission, err)
	case errors.As(err, &argument):
		err = fmt.Errorf("%w: %w", fs.ErrInvalid, err)
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// Open implements [fs.FS].
func (f *fileSystem) Open(name string) (fs.File, error) {
	info, err := f.stat("open", name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return &openDir{system: f, name: name, info: info}, nil
	}
	return &openFile{system: f, name: name, info: info}, nil
}

// Stat implements [fs.StatFS].
func (f *fileSystem) Stat(name string) (fs.FileInfo, error) {
	info, err := f.stat("stat", name)
	if err != nil {
		return nil, err
	}
	return info, nil
}

func (f *fileSystem) stat(op, name string) (*fileInfo, error) {
	place, err := f.path(op, name)
	if err != nil {
		return nil, err
	}
	if name == "." {
		return &fileInfo{name: name, folder: true}, nil
	}
	details, err := f.client.GetFileDetails(f.ctx, place)
	switch {
	case err == nil:
		return &fileInfo{name: path.Base(name), path: place, size: details.Size, modified: details.LastModified}, nil
	case !errors.Is(err, ErrNotFound):
		return nil, pathError(op, name, err)
	}
	// A folder exists if it was made, or if something is in it.
	for page := (listPage{}); !page.last; {
		if page, err = f.client.listPage(f.ctx, gen.ListFolderParams{FolderPath: place, Limit: pointerTo(int64(1))}, page.cursor); err != nil {
			return nil, pathError(op, name, err)
		}
		if page.virtual || len(page.entries) > 0 {
			return &fileInfo{name: path.Base(name), folder: true}, nil
		}
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements [fs.ReadDirFS].
func (f *fileSystem) ReadDir(name string) ([]fs.DirEntry, error) {
	place, err := f.path("readdir", name)
	if err != nil {
		return nil, err
	}
	var found []*fileInfo
	for entry, err := range f.client.ListFolder(f.ctx, place) {
		if err != nil {
			return nil, pathError("readdir", name, err)
		}
		if info := infoOf(place, entry); info != nil {
			found = append(found, info)
		}
	}
	if len(found) == 0 {
		info, err := f.stat("readdir", name) // there may be no such folder
		switch {
		case err != nil:
			return nil, err
		case !info.folder:
			return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDirectory}
		}
	}
	slices.SortFunc(found, func(a, b *fileInfo) int {
		return cmp.Or(cmp.Compare(a.name, b.name), compareBool(a.folder, b.folder)) // files first
	})
	found = slices.CompactFunc(found, func(a, b *fileInfo) bool { return a.name == b.name })
	entries := make([]fs.DirEntry, len(found))
	for i, info := range found {
		entries[i] = fs.FileInfoToDirEntry(info)
	}
	return entries, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// ReadFile implements [fs.ReadFileFS].
func (f *fileSystem) ReadFile(name string) ([]byte, error) {
	place, err := f.path("open", name)
	switch {
	case err != nil:
		return nil, err
	case name == ".":
		return nil, &fs.PathError{Op: "read", Path: name, Err: errIsDirectory}
	}
	content, err := f.client.Download(f.ctx, place, f.options...)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	if err != nil {
		return nil, pathError("read", name, err)
	}
	return data, nil
}

// fileInfo implements [fs.FileInfo].
type fileInfo struct {
	name     string
	path     string // for the service; empty for a folder
	folder   bool
	size     int64
	modified time.Time
}

// infoOf describes an entry of a folder. It returns nil if io/fs does not allow its name.
func infoOf(folder string, entry FolderEntry) *fileInfo {
	name, below := strings.CutPrefix(entry.Path, strings.TrimSuffix(folder, "/")+"/")
	if !below || !fs.ValidPath(name) || name == "." || strings.Contains(name, "/") {
		return nil
	}
	return &fileInfo{name: name, path: entry.Path, folder: entry.IsFolder, size: entry.Size, modified: entry.LastModified}
}

func (i *fileInfo) Name() string       { return i.name }
func (i *fileInfo) Size() int64        { return i.size }
func (i *fileInfo) ModTime() time.Time { return i.modified }
func (i *fileInfo) IsDir() bool        { return i.folder }
func (i *fileInfo) Sys() any           { return nil }

func (i *fileInfo) Mode() fs.FileMode {
	if i.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// openDir is an open directory.
type openDir struct {
	system *fileSystem
	name   string
	info   *fileInfo
	read   bool
	rest   []fs.DirEntry // not yet returned, if read
	closed bool
}

func (d *openDir) Stat() (fs.FileInfo, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "stat", Path: d.name, Err: fs.ErrClosed}
	}
	return d.info, nil
}

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: errIsDirectory}
}

func (d *openDir) Close() error {
	d.closed = true
	return nil
}

// ReadDir implements [fs.ReadDirFile].
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.closed {
		return nil, &fs.PathError{Op: "readdir", Path: d.name, Err: fs.ErrClosed}
	}
	if !d.read {
		all, err := d.system.ReadDir(d.name)
		if err != nil {
			return nil, err
		}
		d.read, d.rest = true, all
	}
	if n > 0 && len(d.rest) == 0 {
		return nil, io.EOF
	}
	if n <= 0 {
		n = len(d.rest)
	}
	n = min(n, len(d.rest))
	entries := d.rest[:n:n]
	d.rest = d.rest[n:]
	return entries, nil
}

// openFile is an open file.
type openFile struct {
	system  *fileSystem
	name    string
	info    *fileInfo
	offset  int64     // of the next byte to read
	content *Download // at offset; nil until it is needed
	closed  bool
}

func (f *openFile) Stat() (fs.FileInfo, error) {
	if f.closed {
		return nil, f.failed("stat", fs.ErrClosed)
	}
	return f.info, nil
}

func (f *openFile) failed(op string, err error) error { return pathError(op, f.name, err) }

func (f *openFile) Read(p []byte) (int, error) {
	switch {
	case f.closed:
		return 0, f.failed("read", fs.ErrClosed)
	case len(p) == 0:
		return 0, nil
	case f.offset >= f.info.size:
		return 0, io.EOF
	}
	if f.content == nil {
		if err := f.open(); err != nil {
			return 0, f.failed("read", err)
		}
	}
	n, err := f.content.Read(p)
	f.offset += int64(n)
	if err != nil && err != io.EOF {
		err = f.failed("read", err)
	}
	return n, err
}

// open opens the content at the offset.
func (f *openFile) open() error {
	options := f.system.options
	if f.offset > 0 {
		options = append(slices.Clip(options), WithRange(f.offset, -1))
	}
	content, err := f.system.client.Download(f.system.ctx, f.info.path, options...)
	if err != nil {
		return err
	}
	if content.FileSize >= 0 && content.FileSize != f.info.size {
		content.Close()
		return fmt.Errorf("%w: it has another size than when it was opened", ErrFileChanged)
	}
	f.content = content
	return nil
}

// Seek implements [io.Seeker].
func (f *openFile) Seek(offset int64, whence int) (int64, error) {
	if f.closed {
		return 0, f.failed("seek", fs.ErrClosed)
	}
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.info.size
	default:
		return 0, f.failed("seek", fs.ErrInvalid)
	}
	if offset < 0 {
		return 0, f.failed("seek", fs.ErrInvalid)
	}
	if offset != f.offset {
		f.drop()
	}
	f.offset = offset
	return offset, nil
}

// drop closes the content, if it is open.
func (f *openFile) drop() {
	if f.content != nil {
		f.content.Close()
		f.content = nil
	}
}

func (f *openFile) Close() error {
	if f.closed {
		return f.failed("close", fs.ErrClosed)
	}
	f.closed = true
	f.drop()
	return nil
}
