package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	file, sum, err := u.upload(ctx, it)
	switch {
	case err == nil:
		u.printer.result(it.shown(), file, sum)
		if sum != "" && !u.flags.quiet {
			u.note("%s: downloaded back, the SHA-256 matches: %s", it.shown(), sum)
		}
		u.count(&u.uploaded)
	case ctx.Err() != nil:
		// The summary reports it once for all files.
	default:
		u.fail(it.shown(), err)
	}
}

// upload uploads one file and checks that its destination is its own.
func (u *uploader) upload(ctx context.Context, it item) (file *bytescale.FileDetails, sum string, err error) {
	if it.stdin {
		file, sum, err = u.standardInput(ctx, it)
	} else {
		file, sum, err = u.file(ctx, it)
	}
	if err == nil {
		err = u.checkDestination(file)
	}
	return file, sum, err
}

// file uploads a file, or continues an interrupted upload of it.
func (u *uploader) file(ctx context.Context, it item) (*bytescale.FileDetails, string, error) {
	f, err := it.open(ctx)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	mime, err := fileMIME(it.path, f)
	if err != nil {
		return nil, "", err
	}
	file, err := u.resumable(ctx, it, f, mime)
	if err != nil || u.local == nil {
		return file, "", err
	}
	want, err := hashReader(io.NewSectionReader(f, 0, file.Size))
	if err != nil {
		return nil, "", err
	}
	return file, want, u.local.compare(ctx, file, want)
}

func (u *uploader) resumable(ctx context.Context, it item, f *os.File, mime string) (*bytescale.FileDetails, error) {
	source := openSource(f)
	progress := bytescale.WithProgress(u.progress.watch(it.size()))
	slot := u.slot(it)
	defer slot.release()

	saved, err := slot.load()
	if errors.Is(err, errBusy) {
		return nil, err
	}
	if err != nil {
		u.note("%s: starting afresh: %v", it.shown(), err)
	}
	if saved != nil {
		if !u.flags.quiet {
			u.note("%s: continuing the interrupted upload", it.shown())
		}
		file, err := u.client.Resume(ctx, *saved, source, progress)
		if err == nil {
			slot.remove()
			return file, nil
		}
		reason, afresh := staleCheckpoint(err)
		if !afresh || ctx.Err() != nil {
			u.countKept(slot)
			return nil, err
		}
		u.note("%s: starting afresh: %s", it.shown(), reason)
		slot.remove()
	}

	options := append(u.destination(it, mime), progress, bytescale.WithOriginalFileName(u.originalName(it)))
	if slot != nil {
		options = append(options, bytescale.WithCheckpoint(slot.save))
	}
	file, err := u.client.Upload(ctx, source, append(options, u.options...)...)
	if _, useless := staleCheckpoint(err); err == nil || useless {
		slot.remove()
	}
	u.countKept(slot)
	return file, err
}

// staleCheckpoint reports whether err means that a checkpoint can never be used again,
// and why.
func staleCheckpoint(err error) (reason string, stale bool) {
	var argument *bytescale.ArgumentError
	switch {
	case errors.Is(err, bytescale.ErrSourceChanged), errors.Is(err, bytescale.ErrSourceSize):
		return "the file changed since the upload was interrupted", true
	case errors.Is(err, bytescale.ErrUploadUnknown):
		return "the server no longer knows the interrupted upload", true
	case errors.As(err, &argument):
		return "the checkpoint cannot be used: " + argument.Reason, true
	}
	return "", false
}

// slot returns the slot for the checkpoint of a file, nil if none is kept.
func (u *uploader) slot(it item) *checkpointSlot {
	if u.checkpoints == nil {
		return nil
	}
	return u.checkpoints.slot(identity{
		APIURL: u.flags.apiURL, AccountID: u.client.AccountID(), Source: it.path, Tree: it.tree, Copy: it.copy,
		Folder: u.flags.folder, Name: u.flags.name, MIME: u.flags.mime, Metadata: u.flags.metadata, Tags: u.flags.tags,
	})
}

func (u *uploader) count(n *int) {
	u.mu.Lock()
	*n++
	u.mu.Unlock()
}

func (u *uploader) countKept(s *checkpointSlot) {
	if s.saved() {
		u.count(&u.kept)
	}
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
