package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"

	bytescale "github.com/c88edac7/bytescale-go"
)

// standardInput uploads standard input. A later command cannot continue the upload,
// because it would read something else.
func (u *uploader) standardInput(ctx context.Context, it item) (*bytescale.FileDetails, error) {
	options := append(slices.Clone(u.options),
		bytescale.WithOriginalFileName(u.originalName(it)), bytescale.WithProgress(u.progress.watch(it.size())))

	in, err := u.openInput(ctx)
	if err != nil {
		return nil, err
	}
	defer in.close()
	return u.client.Upload(ctx, in.source, append(options, u.destination(it, in.mime)...)...)
}

// input is standard input, opened for its upload.
type input struct {
	source bytescale.Source
	mime   string
	close  func()
}

// openInput opens standard input. A file is read in place, everything else as a stream,
// which is spooled to the disk because its size is not known.
func (u *uploader) openInput(ctx context.Context) (*input, error) {
	f, info := redirected(u.std.in)
	if f == nil {
		return u.openStream(ctx, u.std.in)
	}
	offset, err := f.Seek(0, io.SeekCurrent)
	if err != nil || offset != 0 {
		return u.openStream(ctx, &steadyReader{f: f, before: info})
	}
	mime, err := readerMIME(f)
	return &input{
		source: bytescale.OpenedFile(f),
		mime:   mime,
		close:  func() {},
	}, err
}

func (u *uploader) openStream(ctx context.Context, r io.Reader) (*input, error) {
	in, stop := interruptible(ctx, r)
	buffered := bufio.NewReaderSize(in, mimeHead)
	head, err := buffered.Peek(mimeHead)
	if err != nil && !errors.Is(err, io.EOF) {
		stop()
		return nil, err
	}
	return &input{
		source: bytescale.Stream(buffered),
		mime:   contentMIME(head),
		close:  stop,
	}, nil
}

// redirected returns the file that standard input comes from, nil if it is no file whose
// size is known.
func redirected(in io.Reader) (*os.File, fs.FileInfo) {
	f, ok := in.(*os.File)
	if !ok {
		return nil, nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || !sizeIsTrue(f, info) {
		return nil, nil
	}
	return f, info
}

// steadyReader reads a file that must not be written to before its end is reached.
type steadyReader struct {
	f      *os.File
	before fs.FileInfo
}

func (r *steadyReader) Read(p []byte) (int, error) {
	n, err := r.f.Read(p)
	if errors.Is(err, io.EOF) {
		now, statErr := r.f.Stat()
		if statErr != nil || now.Size() != r.before.Size() || !now.ModTime().Equal(r.before.ModTime()) {
			return n, bytescale.ErrSourceChanged
		}
	}
	return n, err
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
