package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
)

// uploader runs the uploads of one command. Its methods are safe for concurrent use.
type uploader struct {
	flags       *uploadCmd
	std         *streams
	client      *bytescale.Client
	files       int                   // at a time
	dirOptions  []bytescale.DirOption // for them
	options     []bytescale.UploadOption
	checkpoints *checkpoints // nil with --no-resume and --local
	local       *local       // nil without --local
	progress    *progress
	printer     *printer
	dirs        *directories // nil until uploadDirectories

	sources occurrences // of files that are going to be uploaded
	claimed occurrences // of their destinations
	taken   occurrences // of the paths of files that were stored

	mu       sync.Mutex
	uploaded int
	failed   int
	kept     int // checkpoints left by interrupted uploads
}

// tryOptions checks the options without sending anything: the client checks them
// before it looks at the context, which here has ended already.
func (u *uploader) tryOptions(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := u.client.Upload(ctx, bytescale.Bytes(nil), append(u.options, u.destination(item{}, "")...)...)
	var argument *bytescale.ArgumentError
	if errors.As(err, &argument) {
		return usageError{err}
	}
	return nil
}

// arguments returns the files and the directories that the arguments name.
func (u *uploader) arguments() (files []item, dirs []*directory) {
	for _, arg := range u.flags.paths {
		it, dir, err := argument(arg, u.flags.recursive)
		switch {
		case err != nil:
		case dir != nil:
			dirs = append(dirs, dir)
			continue
		case u.flags.shard.given():
			err = errors.New("is no directory; --shard is for directories")
		default:
			it, err = u.accept(it)
		}
		if err != nil {
			u.fail(it.shown(), err)
			continue
		}
		u.progress.expect(it.size())
		files = append(files, it)
	}
	return files, dirs
}

// uploadFiles uploads files that are arguments, and standard input, several at a time.
func (u *uploader) uploadFiles(ctx context.Context, files []item) {
	queue := make(chan item)
	var workers sync.WaitGroup
	for range min(u.files, len(files)) {
		workers.Go(func() {
			for it := range queue {
				u.one(ctx, it)
			}
		})
	}
	for _, it := range files {
		queue <- it
	}
	close(queue)
	workers.Wait()
}

// uploadDirectories uploads the files in directories.
func (u *uploader) uploadDirectories(ctx context.Context, list []*directory, own string) {
	dirs := &directories{ctx: ctx, own: own, skip: u.skip}
	for _, dir := range list {
		if isDirectory(own, dir.found) {
			u.skip(dir.name, "the state of this command")
		} else {
			dirs.list = append(dirs.list, dir)
		}
	}
	if len(dirs.list) == 0 || ctx.Err() != nil {
		return
	}
	u.dirs = dirs
	dirs.openOnly()
	defer dirs.close()
	options := []bytescale.UploadDirOption{
		bytescale.WithProgress(u.progress.watch(0)), bytescale.WithFileOptions(u.fileOptions),
	}
	for _, option := range u.dirOptions {
		options = append(options, option)
	}
	if u.flags.shard.given() {
		options = append(options, bytescale.WithShard(u.flags.shard.index, u.flags.shard.count))
	}
	for file, err := range u.client.UploadDir(ctx, dirs, "/", options...) {
		u.below(ctx, file, err)
	}
}

// fileOptions returns the options for the upload of a file in a directory.
func (u *uploader) fileOptions(file bytescale.DirFile) ([]bytescale.UploadOption, error) {
	it, err := u.accept(u.dirs.item(file.Path))
	if err != nil {
		return nil, err
	}
	mime, err := u.dirs.mime(file.Path)
	if err != nil {
		return nil, err
	}
	return u.properties(it, mime), nil
}

// below reports the end of a file in a directory.
func (u *uploader) below(ctx context.Context, file bytescale.DirFile, err error) {
	var failure *bytescale.DirError
	switch {
	case errors.As(err, &failure):
		u.done(ctx, u.dirs.item(failure.Path), nil, failure.Err)
	case err != nil && ctx.Err() == nil: // only a single directory can fail as a whole
		u.fail(u.dirs.list[0].name, err)
	case err != nil:
		// The summary reports it once for all files.
	case file.Action != bytescale.DirSkipped:
		u.done(ctx, u.dirs.item(file.Path), file.Details, nil)
	case isUnstorable(file.Reason):
		u.fail(u.dirs.item(file.Path).shown(), errName)
	default:
		u.skip(u.dirs.item(file.Path).shown(), skipReason(file))
	}
}

// isUnstorable reports whether a file is skipped because of its name.
func isUnstorable(reason string) bool {
	switch reason {
	case "invalid-utf8", "bad-character", "bad-segment", "name-too-long", "path-too-long":
		return true
	}
	return false
}

// accept prepares a file that was found. It is called in the order in which files are found.
func (u *uploader) accept(it item) (item, error) {
	if err := u.claim(it); err != nil {
		return it, err
	}
	if u.checkpoints != nil && !it.stdin && len(u.flags.paths) > 1 {
		if source, err := u.checkpoints.absolute(it.path); err == nil {
			it.copy = u.sources.add(source + "\x00" + it.tree)
		}
	}
	return it, nil
}

// one uploads a file that is an argument, or standard input.
func (u *uploader) one(ctx context.Context, it item) {
	if ctx.Err() != nil {
		return
	}
	send := u.file
	if it.stdin {
		send = u.standardInput
	}
	file, err := send(ctx, it)
	u.done(ctx, it, file, err)
}

// done reports the end of an upload, after a check that the file's destination is its own. With
// --local it downloads the file and compares.
func (u *uploader) done(ctx context.Context, it item, file *bytescale.FileDetails, err error) {
	if err == nil && u.local != nil {
		err = u.local.compare(ctx, file)
	}
	if err == nil {
		err = u.checkDestination(file)
	}
	var failed *bytescale.UploadError
	if errors.As(err, &failed) && u.checkpoints.kept(failed) {
		u.count(&u.kept)
	}
	switch {
	case err == nil:
		u.printer.result(it.shown(), file)
		if u.local != nil && !u.flags.quiet {
			u.note("%s: downloaded back, the SHA-256 matches: %s", it.shown(), file.SHA256)
		}
		u.count(&u.uploaded)
	case ctx.Err() != nil:
		// The summary reports it once for all files.
	default:
		u.fail(it.shown(), err)
	}
}

// file uploads a file, or continues an interrupted upload of it.
func (u *uploader) file(ctx context.Context, it item) (*bytescale.FileDetails, error) {
	f, err := it.open(ctx)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	mime, err := fileMIME(it.path, f)
	if err != nil {
		return nil, err
	}
	options := append(u.properties(it, mime), bytescale.WithProgress(u.progress.watch(it.size())))
	return u.client.Upload(withItem(ctx, it), bytescale.OpenedFile(f), options...)
}

// properties returns the options for all but the content of a file.
func (u *uploader) properties(it item, mime string) []bytescale.UploadOption {
	options := append(u.destination(it, mime), u.flags.single.options(u.originalName(it))...)
	options = append(options,
		u.checkpoints.option(identity{
			APIURL: u.flags.apiURL, AccountID: u.client.AccountID(), Source: it.path, Tree: it.tree, Copy: it.copy,
			Folder: u.flags.folder, Name: u.flags.name, MIME: u.flags.mime, Metadata: u.flags.metadata, Tags: u.flags.tags,
		}))
	return append(options, u.options...)
}

type itemKey struct{}

// withItem returns a context whose events are about a file.
func withItem(ctx context.Context, it item) context.Context {
	return context.WithValue(ctx, itemKey{}, it)
}

// observe reports what becomes of checkpoints, and why small files are sent in parts.
func (u *uploader) observe(e bytescale.Event) {
	u.checkpoints.observe(e, func() string { return u.itemOf(e.Context).shown() }, u.flags.quiet)
	if !u.flags.quiet {
		u.flags.single.observe(e, u.note)
	}
}

// itemOf returns the file that the events of a context are about.
func (u *uploader) itemOf(ctx context.Context) item {
	if file, below := bytescale.DirFileFromContext(ctx); below {
		return u.dirs.item(file.Path)
	}
	it, _ := ctx.Value(itemKey{}).(item)
	return it
}

func (u *uploader) count(n *int) {
	u.mu.Lock()
	*n++
	u.mu.Unlock()
}

// note prints one line.
func (u *uploader) note(format string, args ...any) { u.progress.note(format, args...) }

// skip reports a file that is not uploaded on purpose.
func (u *uploader) skip(name, reason string) { u.note("%s: skipped: %s", name, reason) }

// fail reports a file that could not be uploaded.
func (u *uploader) fail(name string, err error) {
	u.count(&u.failed)
	u.note("%s: %s", name, explain(err))
}

// summary removes the progress bar, prints what concerns all files together, and
// returns the error of the command.
func (u *uploader) summary(ctx context.Context) error {
	u.progress.close()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.local != nil && u.uploaded > 0 && !u.flags.quiet {
		defer u.note("the emulator has ended and its URLs no longer work; to keep files, run: bytescale emulator")
	}
	var stop stopped
	switch {
	case ctx.Err() != nil && !errors.As(context.Cause(ctx), &stop):
		return context.Cause(ctx) // it concerns all files
	case ctx.Err() != nil && u.kept > 0:
		u.note("interrupted; run the same command again to continue")
		return errReported
	case ctx.Err() != nil:
		u.note("interrupted; %s uploaded", plural(u.uploaded, "file was", "files were"))
		return errReported
	case u.failed > 0:
		if u.failed+u.uploaded > 1 {
			u.note("%d of %s failed", u.failed, plural(u.failed+u.uploaded, "file", "files"))
		}
		return errReported
	}
	if err := u.printer.err; err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	if !u.flags.quiet {
		u.note("%s", u.progress.total(u.uploaded))
	}
	return nil
}

func (u *uploader) close() {
	u.client.CloseIdleConnections()
	u.closeLocal()
}

func (u *uploader) closeLocal() {
	if u.local != nil {
		u.local.close()
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
