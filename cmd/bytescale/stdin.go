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

// standardInput uploads what can be read from standard input. A later command
// cannot continue it: it would read something else.
func (u *uploader) standardInput(ctx context.Context, it item) (*bytescale.FileDetails, string, error) {
	options := append(slices.Clone(u.options),
		bytescale.WithOriginalFileName(u.originalName(it)), bytescale.WithProgress(u.progress.watch(it.size)))

	var source bytescale.Source
	var mime string
	var sum func() (string, error) // of what was uploaded
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

// hashed is r, hashed as it is read if the hash is wanted.
func (u *uploader) hashed(r io.Reader, sum hash.Hash) io.Reader {
	if u.local == nil {
		return r
	}
	return io.TeeReader(r, sum)
}

// redirected is standard input that comes from a file, from where the file
// stands: its size is known, and it is read in place instead of spooled. One of
// no bytes may be of /proc, which does not tell, and is read as a stream.
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

// interruptible reads r in a goroutine of its own, so that a Read that blocks,
// on a terminal or a silent pipe, does not hold up the end of ctx. When ctx
// ends during such a Read, the goroutine is left to the end of the process.
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
