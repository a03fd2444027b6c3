package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"slices"

	bytescale "github.com/c88edac7/bytescale-go"
)

// standardInput uploads standard input. A later command cannot continue the upload,
// because it would read something else.
func (u *uploader) standardInput(ctx context.Context, it item) (*bytescale.FileDetails, string, error) {
	options := append(slices.Clone(u.options),
		bytescale.WithOriginalFileName(u.originalName(it)), bytescale.WithProgress(u.progress.watch(it.size())))

	var source bytescale.Source
	var mime string
	var sum func() (string, error) // SHA-256 of what was uploaded
	var err error
	if section, ok := redirected(u.std.in); ok {
		mime, err = readerMIME(section)
		source = bytescale.ReaderAt(section, section.Size())
		sum = func() (string, error) { return hashReader(io.NewSectionReader(section, 0, section.Size())) }
	} else {
		in, stop := interruptible(ctx, u.std.in)
		defer stop()
		buffered := bufio.NewReaderSize(in, mimeHead)
		head, peekErr := buffered.Peek(mimeHead)
		if !errors.Is(peekErr, io.EOF) {
			err = peekErr
		}
		mime = contentMIME(head)
		read := sha256.New()
		source = bytescale.Stream(u.hashed(buffered, read))
		sum = func() (string, error) { return hexOf(read), nil }
	}
	if err != nil {
		return nil, "", err
	}
	file, err := u.client.Upload(ctx, source, append(options, u.destination(it, mime)...)...)
	if err != nil || u.local == nil {
		return file, "", err
	}
	want, err := sum()
	if err != nil {
		return nil, "", err
	}
	return file, want, u.local.compare(ctx, file, want)
}

// hashed returns a reader of r that writes what it reads to sum, if the hash is wanted.
func (u *uploader) hashed(r io.Reader, sum hash.Hash) io.Reader {
	if u.local == nil {
		return r
	}
	return io.TeeReader(r, sum)
}

// redirected returns the rest of the file that standard input comes from, if it is one.
// Its size is known, so it is read in place and not spooled. A file of size 0 may be
// one of /proc, whose size is not known, and is read as a stream.
func redirected(in io.Reader) (*io.SectionReader, bool) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil, false
	}
	offset, err := f.Seek(0, io.SeekCurrent)
	if err != nil || offset > info.Size() {
		return nil, false
	}
	return io.NewSectionReader(f, offset, info.Size()-offset), true
}

// interruptible returns a reader of r whose Read ends with ctx, even if the Read of r
// blocks on a terminal or a silent pipe. r is read in a goroutine. If ctx ends during a
// Read, the goroutine remains until the process ends.
func interruptible(ctx context.Context, r io.Reader) (io.Reader, func()) {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	unhook := context.AfterFunc(ctx, func() { out.CloseWithError(ctx.Err()) })
	return out, func() {
		unhook()
		out.Close()
	}
}
