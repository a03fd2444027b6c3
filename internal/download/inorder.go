package download

import (
	"context"
	"io"
	"math"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// inOrder downloads a file over one connection. A break starts it over.
func (e *Engine) inOrder(ctx context.Context, f File, o *opening, to target, report func(Counts)) (Result, error) {
	progress := newProgress(0, o.FileSize, report)
	size := o.FileSize
	if size < 0 {
		size = math.MaxInt64
	}
	var result Result
	_, err := e.attempts(0, nil).Do(ctx, func(ctx context.Context) error {
		defer o.close()
		place := e.Limits.Get
		if o.answer != nil {
			place = e.Limits.Rest
		}
		release, err := place(ctx, size)
		if err != nil {
			return err
		}
		defer release()
		a := o.answer
		if a == nil {
			if a, err = e.open(ctx, f, want{}); err != nil {
				return err
			}
			defer a.close()
			if err := to.Truncate(0); err != nil {
				return &errs.TargetError{Err: err}
			}
		}
		read, err := copyInOrder(a, to, progress)
		if err != nil {
			progress.lost(read)
			return err
		}
		result = Result{Size: read, ContentType: a.ContentType, ETag: a.ETag}
		return nil
	})
	if err != nil {
		return Result{}, err
	}
	progress.whole(result.Size)
	return result, nil
}

// copyInOrder writes an answer to a target, from its first byte on.
func copyInOrder(a *answer, to io.WriterAt, progress *progress) (read int64, err error) {
	buffer := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buffer)
	for {
		n, err := a.next(buffer[:])
		if n > 0 {
			if err := write(to, buffer[:n], read); err != nil {
				return read, err
			}
			read += int64(n)
			progress.pending(int64(n))
		}
		if err == io.EOF {
			return read, nil
		}
		if err != nil {
			return read, err
		}
	}
}
