package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	bytescale "github.com/c88edac7/bytescale-go"
)

// dirReport reports what becomes of the files of a directory: each when it is done, and all
// together at the end.
type dirReport struct {
	progress *progress
	printer  *printer
	quiet    bool
	dryRun   bool
	line     func(bytescale.DirFile) string // what is printed of a file that was moved or deleted
	shown    func(path string) string       // the name of a file as the user would write it
	explain  func(error) error              // gives the failure of a file its context

	counts map[bytescale.DirAction]int
	failed int
}

// run carries out a transfer and returns the error of the command.
func (r *dirReport) run(ctx context.Context, files iter.Seq2[bytescale.DirFile, error]) error {
	r.counts = map[bytescale.DirAction]int{}
	for file, err := range files {
		var failure *bytescale.DirError
		switch {
		case errors.As(err, &failure) && ctx.Err() != nil:
			// The end of the context is reported once for all files.
		case errors.As(err, &failure):
			r.failed++
			r.progress.note("%s: %s", r.shown(failure.Path), explain(r.explain(failure.Err)))
		case err != nil:
			return r.end(ctx, err)
		default:
			r.file(file)
		}
	}
	return r.end(ctx, nil)
}

// file reports a file that did not fail.
func (r *dirReport) file(file bytescale.DirFile) {
	r.counts[file.Action]++
	switch file.Action {
	case bytescale.DirUnchanged:
	case bytescale.DirSkipped:
		r.progress.note("%s: skipped: %s", r.shown(file.Path), skipReason(file))
	default:
		line := r.line(file)
		r.progress.around(func() { r.printer.line(line) })
	}
}

// skipReason says why a file is skipped.
func skipReason(file bytescale.DirFile) string {
	switch file.Reason {
	case "unfinished":
		return "left by a download that was interrupted"
	case "symbolic-link":
		return "symbolic link (links in directories are not followed)"
	case "special-file":
		return "not a regular file"
	}
	return file.Detail
}

// end removes the progress bar, prints what concerns all files together, and returns the error
// of the command. err is what ended the transfer early.
func (r *dirReport) end(ctx context.Context, err error) error {
	r.progress.close()
	var stop stopped
	switch {
	case ctx.Err() != nil && errors.As(context.Cause(ctx), &stop):
		r.progress.note("interrupted; run the same command again to continue")
		return errReported
	case ctx.Err() != nil:
		return context.Cause(ctx) // it concerns all files
	case isRejected(err):
		return usageError{err}
	case err != nil:
		if r.failed > 0 {
			r.progress.note("%s", r.total())
		}
		return err
	case r.failed > 0:
		r.progress.note("%s", r.total())
		return errReported
	}
	if err := r.printer.err; err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	if !r.quiet {
		r.progress.note("%s", r.total())
	}
	return nil
}

// total describes the finished work: "3 uploaded, 1 deleted, 12 MiB in 3.2s (3.8 MiB/s)".
func (r *dirReport) total() string {
	var parts []string
	if r.failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", r.failed))
	}
	for _, action := range []bytescale.DirAction{
		bytescale.DirUploaded, bytescale.DirDownloaded, bytescale.DirDeleted, bytescale.DirUnchanged, bytescale.DirSkipped,
	} {
		if n := r.counts[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, action))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no files"}
	}
	text := strings.Join(parts, ", ")
	if r.dryRun {
		return "without --dry-run: " + text
	}
	return text + ", " + r.progress.amount()
}
