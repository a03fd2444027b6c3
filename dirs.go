package bytescale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/c88edac7/bytescale-go/internal/bulk"
	"github.com/c88edac7/bytescale-go/internal/download"
	"github.com/c88edac7/bytescale-go/internal/operation"
	"github.com/c88edac7/bytescale-go/internal/tree"
)

// DirAction is what [Client.UploadDir] or [Client.DownloadDir] did with a file, or would do in a
// dry run.
type DirAction string

// The actions of [DirFile].
const (
	DirUploaded   DirAction = "uploaded"
	DirDownloaded DirAction = "downloaded"
	DirDeleted    DirAction = "deleted"
	DirUnchanged  DirAction = "unchanged"
	DirSkipped    DirAction = "skipped"
)

// DirFile is one file of [Client.UploadDir] or [Client.DownloadDir].
type DirFile struct {
	// Path is relative to the directory and to the folder. Its elements are separated by
	// slashes on every system.
	Path string `json:"path"`
	// Action is what was done with the file. If the file comes with an error, it is what was
	// tried.
	Action DirAction `json:"action"`
	// Reason is the reason for the action, as a word for programs.
	//
	// With [WithChangedOnly], a file is moved because it is "missing" at the destination,
	// "size-differs", "etag-differs" or "newer", unchanged because it is "equal", and deleted
	// because it is "extra". Without the option, Reason is empty for files that are moved.
	//
	// A file is skipped because it is a "symbolic-link", a "special-file" (a socket, a device
	// or a pipe), or has a name that "unfinished" downloads use; because it is "unreadable" or
	// lies "too-deep", more than 256 directories down, which are errors; because the
	// destination cannot hold its name ("bad-segment", "invalid-utf8", "bad-character",
	// "bad-ending", "reserved-name", "name-too-long", "path-too-long"); or because of another
	// file: the destination does not tell their names apart ("name-collision"), a directory
	// has its name ("is-directory"), a file has the name of a directory above it
	// ("below-file"), or something that is skipped has its name at the destination
	// ("in-the-way").
	Reason string `json:"reason,omitempty"`
	// Detail says why a file is skipped, as a sentence for people whose subject is the file:
	// "is a symbolic link; links in directories are not followed". It is one line.
	Detail string `json:"detail,omitempty"`
	// Size is in bytes; 0 for a file that is skipped.
	Size int64 `json:"size"`
	// Details are those of a file that was uploaded; nil otherwise.
	Details *FileDetails `json:"-"`
}

// DirError is the failure of one file of [Client.UploadDir] or [Client.DownloadDir]. The other
// files go on. It wraps the reason.
type DirError struct {
	// Path is [DirFile.Path].
	Path string
	// Err is the reason: an error of [Client.Upload], [Client.DownloadTo] or
	// [Client.DeleteFiles], or of the file system.
	Err error
}

// Error returns the path, in quotes because it may hold control characters, and the reason.
func (e *DirError) Error() string { return strconv.Quote(e.Path) + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *DirError) Unwrap() error { return e.Err }

// dirError returns the failure of a file, or nil.
func dirError(file DirFile, err error) error {
	if err == nil {
		return nil
	}
	return &DirError{Path: file.Path, Err: err}
}

type dirFileKey struct{}

// DirFileFromContext returns the file of [Client.UploadDir] or [Client.DownloadDir] that a
// request or an event is for. ctx is the context of the request, or that of an [Event]. It
// returns false if the context belongs to no such file.
func DirFileFromContext(ctx context.Context) (DirFile, bool) {
	file, ok := ctx.Value(dirFileKey{}).(DirFile)
	return file, ok
}

// UploadDir uploads the regular files of a file system to a folder, and yields one [DirFile] for
// each, in the order in which they end. For a directory of this machine:
//
//	root, err := os.OpenRoot("photos")
//	// ...
//	for file, err := range client.UploadDir(ctx, root.FS(), "/photos") {
//
// Each file is stored at folderPath, a slash, and its path in fsys, taken literally, unless
// [WithFileOptions] names another place. Existing files are replaced, if the credentials may do
// that. [WithFilesInFlight] files are uploaded at a time, each as by [Client.Upload]; see there
// for permissions, retries, limits and memory. With [WithChangedOnly], only those that the folder
// does not have or has otherwise are uploaded, so that a second call completes what a first one
// left. [WithInclude], [WithExclude] and [WithShard] choose among the files, [WithDelete] deletes
// what fsys does not have, and [WithDryRun] only tells what would be done.
//
// Symbolic links are not followed. They and other files that are no regular ones are skipped, as
// are those whose names the service does not allow; see [DirFile.Reason]. Hidden files are
// uploaded. Empty directories are not. Whatever happens to the files meanwhile, only what is a
// regular file of fsys is read. Opening a file waits if something made a pipe of it meanwhile;
// use a file system that opens without waiting if others can write to the directory.
//
// The failure of a file is yielded with the file, as a [*DirError], and the others go on. Leave
// the loop to stop at the first one. All other errors end the sequence: an [*ArgumentError] for
// an option before anything is read, the error of a list, or that of ctx. A list that fails ends
// the sequence after the files that were found before. When ctx ends, the uploads in progress
// end with a [*DirError] each, and the sequence with an error that wraps ctx.Err() and its cause.
// Leaving the loop stops all uploads too, and waits for them. When the sequence has ended, no
// goroutine, request or temporary file is left. Ranging over it again begins anew.
//
// Memory does not grow with the number of files: with [WithChangedOnly], the lists are sorted in
// temporary files in [os.TempDir], of some 100 bytes for each file.
//
// Operations: those of [Client.Upload], with [WithChangedOnly] ListFolder, and with
// [WithDelete] DeleteFileBatch and GetJob.
func (c *Client) UploadDir(ctx context.Context, fsys fs.FS, folderPath string, opts ...UploadDirOption) iter.Seq2[DirFile, error] {
	settings, err := newUploadDirSettings(opts)
	if err == nil && fsys == nil {
		err = argumentError("fsys", "is nil")
	}
	if err == nil {
		err = checkFolderPath("folderPath", folderPath)
	}
	return dirFiles(ctx, err, func(yield func(DirFile, error) bool) error {
		run := &dirRun{
			dirSettings: &settings.dirSettings, action: DirUploaded, batch: maxDeletions, more: c.limits.Calls,
			move: uploadDir{client: c, fsys: fsys, folder: folderPath, settings: &settings},
			plan: tree.Plan{
				Source:      bulk.Reserve(tree.Walk(fsys, settings.filter), download.IsUnfinishedName),
				Destination: c.storedFiles(ctx, folderPath),
				Target:      tree.Service(folderPath),
			},
		}
		run.files(ctx, yield)
		return nil
	})
}

// DownloadDir downloads the files of a folder, at all levels, to a directory of this machine, and
// yields one [DirFile] for each, in the order in which they end. The directory, and those in it,
// are made if they are missing.
//
// Each file is downloaded as by [Client.DownloadTo], so that it appears when it is whole, and a
// download that was interrupted continues; see there for permissions, retries, limits and
// memory. [WithFilesInFlight] files are downloaded at a time. The modification time of a file is
// set to that of the stored one, where the system can. A file that exists is left as it is, with
// a [*DirError] that is [io/fs.ErrExist], unless [WithOverwrite] is given. With
// [WithChangedOnly], files that the directory has already, with the same size and a time that is
// not older, are left without an error. So the same call with both options completes what was
// interrupted, and brings a directory up to date. [WithInclude], [WithExclude] and [WithShard]
// choose among the files, [WithDelete] deletes what the folder does not have, and [WithDryRun]
// only tells what would be done.
//
// Nothing is written or deleted outside of dir. Links in it are not followed: a file whose
// directory is a link is an error, and with [WithChangedOnly] it is skipped. Files whose
// names this system cannot hold, or does not tell apart, are skipped and never renamed; see
// [DirFile.Reason]. A file that the CDN serves with another size than listed is
// [ErrFileChanged]: it was replaced meanwhile, or a cache still has an older one.
//
// Errors, ctx, leaving the loop and memory are as for [Client.UploadDir]. To list, the
// credentials must be allowed to; see [Client.ListFolder]. A folder that does not exist is an
// empty one.
//
// Operations: ListFolder, DownloadFile.
func (c *Client) DownloadDir(ctx context.Context, folderPath, dir string, opts ...DownloadDirOption) iter.Seq2[DirFile, error] {
	settings, err := newDownloadDirSettings(opts)
	if err == nil && dir == "" {
		err = argumentError("dir", "is empty; the current directory is .")
	}
	if err == nil {
		err = checkFolderPath("folderPath", folderPath)
	}
	return dirFiles(ctx, err, func(yield func(DirFile, error) bool) error {
		directories, err := bulk.OpenDirectories(dir, !settings.dryRun)
		if err != nil {
			return err
		}
		defer directories.Close()
		run := &dirRun{
			dirSettings: &settings.dirSettings, action: DirDownloaded, batch: 1,
			move: downloadDir{client: c, directories: directories, folder: folderPath, settings: &settings},
			plan: tree.Plan{
				Source:      bulk.Reserve(c.storedFiles(ctx, folderPath), download.IsUnfinishedName),
				Destination: bulk.Reserve(directories.Walk(settings.filter), download.IsUnfinishedName),
				Target:      tree.Local(),
			},
		}
		run.files(ctx, yield)
		return nil
	})
}

// dirFiles returns the files that run yields. It yields the error of run, or refused if that is
// not nil.
func dirFiles(ctx context.Context, refused error, run func(yield func(DirFile, error) bool) error) iter.Seq2[DirFile, error] {
	return func(yield func(DirFile, error) bool) {
		err := refused
		if err == nil {
			err = run(func(file DirFile, err error) bool { return yield(file, withContext(ctx, err)) })
		}
		if err != nil {
			yield(DirFile{}, err)
		}
	}
}

// dirRun is the work of UploadDir or DownloadDir.
type dirRun struct {
	*dirSettings
	plan     tree.Plan
	action   DirAction // of files that are moved
	move     dirMover
	batch    int        // how many files are deleted at a time
	more     func() int // how many files may be moved at a time by now; nil for the default
	progress *bulk.Progress
}

// dirMover moves and deletes files.
type dirMover interface {
	// prepare is called for each file in the order in which they are found. It returns what
	// moves the file.
	prepare(file DirFile, from tree.Entry, report func(Progress)) func(context.Context) (*FileDetails, error)
	// remove deletes a batch of files and returns the error of each.
	remove(ctx context.Context, extras []tree.Entry) []error
}

// files does the work and yields the files.
func (r *dirRun) files(ctx context.Context, yield func(DirFile, error) bool) {
	r.plan.Filter = r.filter
	run := bulk.Run[DirFile]{
		Actions: r.plan.Copies(ctx), Takes: r.takes, Workers: r.filesInFlight,
		Tell: r.tell, Copy: r.copy, Delete: r.delete, Batch: r.batch,
	}
	if r.changedOnly {
		run.Actions = r.plan.Actions(ctx)
	}
	if !r.deletes {
		run.Actions = bulk.WithoutExtras(run.Actions)
	}
	switch {
	case r.dryRun:
		run.Workers = 0
	case run.Workers == 0:
		run.Workers, run.More = defaultFilesInFlight, r.more
	}
	if r.report != nil {
		r.progress = bulk.NewProgress(func(n bulk.Counts) { r.report(Progress(n)) })
		defer r.progress.End()
	}
	run.Files(ctx)(yield)
}

// file returns what is known of a file before anything is done.
func (r *dirRun) file(a tree.Action) DirFile {
	file := DirFile{Path: a.Path, Size: a.Source.Size}
	switch {
	case a.Kind == tree.Skipped:
		return DirFile{Path: a.Path, Action: DirSkipped, Reason: string(a.Skip.Reason), Detail: a.Skip.Predicate()}
	case a.Kind == tree.Equal:
		file.Action = DirUnchanged
	case a.Kind == tree.Extra:
		file.Action, file.Size = DirDeleted, a.Destination.Size
	default:
		file.Action = r.action
	}
	if r.changedOnly {
		file.Reason = string(a.Kind)
	}
	return file
}

// tell returns a file that is neither moved nor deleted. One that cannot be read is a failure.
func (r *dirRun) tell(a tree.Action) (DirFile, error) {
	file := r.file(a)
	if a.Kind == tree.Skipped && (a.Skip.Reason == tree.Unreadable || a.Skip.Reason == tree.TooDeep) {
		return file, dirError(file, errors.New(file.Detail))
	}
	return file, nil
}

// copy returns what moves a file.
func (r *dirRun) copy(a tree.Action) func(context.Context) (DirFile, error) {
	file := r.file(a)
	if r.dryRun {
		return func(context.Context) (DirFile, error) { return file, nil }
	}
	progress := r.progress.File(file.Size)
	var report func(Progress)
	if progress != nil {
		report = func(n Progress) { progress.Set(bulk.Counts(n)) }
	}
	move := r.move.prepare(file, a.Source, report)
	return func(ctx context.Context) (DirFile, error) {
		defer progress.End()
		details, err := move(context.WithValue(ctx, dirFileKey{}, file))
		if file.Details = details; details != nil {
			file.Size = details.Size
		}
		return file, dirError(file, err)
	}
}

// delete deletes a batch of files and yields each.
func (r *dirRun) delete(ctx context.Context, batch []tree.Action) iter.Seq2[DirFile, error] {
	return func(yield func(DirFile, error) bool) {
		failures := make([]error, len(batch))
		if !r.dryRun {
			extras := make([]tree.Entry, len(batch))
			for i, a := range batch {
				extras[i] = a.Destination
			}
			failures = r.move.remove(ctx, extras)
		}
		for i, a := range batch {
			file := r.file(a)
			if !yield(file, dirError(file, failures[i])) {
				return
			}
		}
	}
}

// storedFiles lists the files of a folder.
func (c *Client) storedFiles(ctx context.Context, folderPath string) tree.Listing {
	return func(yield func(tree.Entry, error) bool) {
		for stored, err := range c.ListFolder(ctx, folderPath, WithRecursive(), WithoutVirtualFolders()) {
			if err != nil {
				yield(tree.Entry{}, err)
				return
			}
			if stored.IsFolder {
				continue
			}
			below, ok := strings.CutPrefix(stored.Path, storedPath(folderPath, ""))
			if !ok {
				err := fmt.Errorf("%w: %s: the list has a file of another folder", ErrProtocol, operation.ListFolder)
				yield(tree.Entry{}, err)
				return
			}
			e := tree.Entry{Path: below, Size: stored.Size, ModTime: stored.LastModified}
			if checkFilePath("", stored.Path) != nil { // then no call can name it
				e.Skip = &tree.SkipError{Path: below, Reason: tree.BadSegment}
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// storedPath returns the path of a file in a folder.
func storedPath(folderPath, below string) string {
	return strings.TrimSuffix(folderPath, "/") + "/" + below
}

// uploadDir uploads the files of a file system.
type uploadDir struct {
	client   *Client
	fsys     fs.FS
	folder   string
	settings *uploadDirSettings
}

func (u uploadDir) prepare(file DirFile, _ tree.Entry, report func(Progress)) func(context.Context) (*FileDetails, error) {
	var options []UploadOption
	var err error
	if u.settings.fileOptions != nil {
		options, err = u.settings.fileOptions(file)
	}
	options = append(slices.Clip(options), u.own(file, report))
	return func(ctx context.Context) (*FileDetails, error) {
		if err != nil {
			return nil, err
		}
		return u.upload(ctx, file, options)
	}
}

// own returns what UploadDir adds to the options of a file.
func (u uploadDir) own(file DirFile, report func(Progress)) UploadOption {
	return uploadOption(func(s *uploadSettings) error {
		switch elsewhere := s.path != "" || s.folder != "" || s.fileName != ""; {
		case !elsewhere:
			s.path = storedPath(u.folder, file.Path)
		case u.settings.changedOnly:
			return argumentError("fileOptions", "name another place for a file, and WithChangedOnly compares with %s", quote(u.folder))
		}
		s.progress = both(s.progress, report)
		return nil
	})
}

// both returns a function that calls two, either of which may be nil.
func both(one, other func(Progress)) func(Progress) {
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	}
	return func(n Progress) {
		one(n)
		other(n)
	}
}

func (u uploadDir) upload(ctx context.Context, file DirFile, options []UploadOption) (*FileDetails, error) {
	f, info, err := bulk.Open(u.fsys, file.Path)
	if err != nil {
		return nil, &SourceError{Err: err}
	}
	defer f.Close()
	var source Source
	switch f := f.(type) {
	case *os.File:
		source = OpenedFile(f)
	case io.ReaderAt:
		source = ReaderAt(f, info.Size())
	default:
		source = Reader(f, info.Size())
	}
	source.name = path.Base(file.Path)
	return u.client.Upload(ctx, source, options...)
}

func (u uploadDir) remove(ctx context.Context, extras []tree.Entry) []error {
	paths := func(yield func(string) bool) {
		for _, extra := range extras {
			if !yield(storedPath(u.folder, extra.Path)) {
				return
			}
		}
	}
	var failure error
	for job, err := range u.client.DeleteFiles(ctx, paths) {
		if err == nil {
			_, err = job.Wait(ctx)
		}
		failure = err
	}
	return slices.Repeat([]error{failure}, len(extras))
}

// downloadDir downloads the files of a folder.
type downloadDir struct {
	client      *Client
	directories *bulk.Directories
	folder      string
	settings    *downloadDirSettings
}

func (d downloadDir) prepare(file DirFile, from tree.Entry, report func(Progress)) func(context.Context) (*FileDetails, error) {
	return func(ctx context.Context) (*FileDetails, error) {
		dir, release, err := d.directories.Open(path.Dir(file.Path), true)
		if err != nil {
			return nil, err
		}
		defer release()
		name := path.Base(file.Path)
		if d.settings.deletes {
			_ = bulk.RemoveEmpty(dir, name) // if it cannot be, the download fails and says so
		}
		place := download.Place{
			Dir: dir, Name: name, Replace: d.settings.overwrite, ModTime: from.ModTime, Size: from.Size,
		}
		settings := downloadToSettings{authenticated: d.settings.authenticated}
		settings.progress = report
		_, err = d.client.downloadBy(ctx, storedPath(d.folder, file.Path), settings, func(ctx context.Context, f download.File, report func(download.Counts)) (download.Result, error) {
			return d.client.downloads.ToPlace(ctx, f, place, report)
		})
		return nil, err
	}
}

func (d downloadDir) remove(_ context.Context, extras []tree.Entry) []error {
	failures := make([]error, len(extras))
	for i, extra := range extras {
		failures[i] = d.directories.Remove(extra)
	}
	return failures
}
