package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
)

// uploader runs the uploads of one command. Its methods are safe for concurrent use.
type uploader struct {
	flags       *uploadCmd
	std         *streams
	client      *bytescale.Client
	files       int // at a time
	options     []bytescale.UploadOption
	checkpoints *checkpoints // nil with --no-resume and --local
	local       *local       // nil without --local
	progress    *progress
	printer     *printer

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

// accept prepares a file that the walk has found, or reports that it cannot be uploaded.
// It is called in the order of the arguments.
func (u *uploader) accept(it item) (accepted item, ok bool) {
	if err := u.claim(it); err != nil {
		u.fail(it.shown(), err)
		return it, false
	}
	if u.checkpoints != nil && !it.stdin && len(u.flags.paths) > 1 {
		if source, err := filepath.Abs(it.path); err == nil {
			it.copy = u.sources.add(source + "\x00" + it.tree)
		}
	}
	u.progress.expect(it.size())
	return it, true
}

// one uploads a file and reports the result.
func (u *uploader) one(ctx context.Context, it item) {
	if ctx.Err() != nil {
		return
	}
	file, err := u.upload(ctx, it)
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

// upload uploads one file and checks that its destination is its own. With --local it
// downloads the file and compares.
func (u *uploader) upload(ctx context.Context, it item) (*bytescale.FileDetails, error) {
	send := u.file
	if it.stdin {
		send = u.standardInput
	}
	file, err := send(ctx, it)
	if err == nil && u.local != nil {
		err = u.local.compare(ctx, file)
	}
	if err != nil {
		return nil, err
	}
	return file, u.checkDestination(file)
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
	return u.resumable(ctx, it, f, mime)
}

func (u *uploader) resumable(ctx context.Context, it item, f *os.File, mime string) (*bytescale.FileDetails, error) {
	options := append(u.destination(it, mime),
		bytescale.WithProgress(u.progress.watch(it.size())), bytescale.WithOriginalFileName(u.originalName(it)),
		u.checkpoints.option(identity{
			APIURL: u.flags.apiURL, AccountID: u.client.AccountID(), Source: it.path, Tree: it.tree, Copy: it.copy,
			Folder: u.flags.folder, Name: u.flags.name, MIME: u.flags.mime, Metadata: u.flags.metadata, Tags: u.flags.tags,
		}))
	file, err := u.client.Upload(withItem(ctx, it), bytescale.OpenedFile(f), append(options, u.options...)...)
	var failed *bytescale.UploadError
	if errors.As(err, &failed) && u.checkpoints.kept(failed) {
		u.count(&u.kept)
	}
	return file, err
}

type itemKey struct{}

// withItem returns a context whose events are about a file.
func withItem(ctx context.Context, it item) context.Context {
	return context.WithValue(ctx, itemKey{}, it)
}

// observe reports what becomes of checkpoints.
func (u *uploader) observe(e bytescale.Event) {
	it, _ := e.Context.Value(itemKey{}).(item)
	u.checkpoints.observe(e, it.shown(), u.flags.quiet)
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
