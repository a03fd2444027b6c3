package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// Digest computes the SHA-256 of a source while its parts are sent. A stream is hashed as it
// is read. A source that is read in place is read a second time, by a goroutine, in order and
// no further than Advance allows, so that what it reads was read by a part shortly before.
type Digest struct {
	in     *Opened
	verify func(context.Context) error // of the source
	sum    hash.Hash
	done   bool // all of the source is in the sum, and was verified

	// Of a source that is read in place.
	at      int64 // how much is hashed
	limits  chan int64
	stop    context.CancelFunc
	running sync.WaitGroup
	failure error
}

// Digest begins to compute the digest. It makes Verify hash what remains before it looks
// whether the source has changed. The caller calls Stop before it closes the source.
func (in *Opened) Digest(ctx context.Context) *Digest {
	d := &Digest{in: in, verify: in.Verify, sum: sha256.New()}
	in.Verify = d.finish
	if in.Stream != nil {
		in.Stream.r = io.TeeReader(in.Stream.r, d.sum)
		d.stop = func() {}
		return d
	}
	ctx, d.stop = context.WithCancel(ctx)
	d.limits = make(chan int64, 1)
	d.running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case limit := <-d.limits:
				if err := d.hashTo(ctx, limit); err != nil {
					if ctx.Err() == nil {
						d.failure = err
					}
					return
				}
			}
		}
	})
	return d
}

// Advance allows the first n bytes to be hashed. It does not wait.
func (d *Digest) Advance(n int64) {
	select {
	case d.limits <- n:
	default: // blocked on an earlier limit, or a stream: a later call or finish does it
	}
}

// Stop ends the goroutine.
func (d *Digest) Stop() {
	d.stop()
	d.running.Wait()
}

// finish hashes what remains and verifies the source.
func (d *Digest) finish(ctx context.Context) error {
	if d.in.Stream == nil {
		d.Stop()
		if d.failure != nil {
			return d.failure
		}
		if err := d.hashTo(ctx, d.in.Size); err != nil {
			return err
		}
	}
	if err := d.verify(ctx); err != nil {
		return err
	}
	d.done = true
	return nil
}

// hashBlock is how many bytes are read at a time.
const hashBlock = 128 << 10

// hashTo hashes the bytes before limit that are not hashed yet.
func (d *Digest) hashTo(ctx context.Context, limit int64) error {
	if d.at >= limit {
		return ctx.Err()
	}
	block := make([]byte, min(hashBlock, limit-d.at))
	for d.at < limit {
		if err := ctx.Err(); err != nil {
			return err
		}
		next := block[:min(int64(len(block)), limit-d.at)]
		payload := d.in.Chunk(d.at, int64(len(next))).Payload
		if err := readFull(payload.Source, next, payload.Offset); err != nil {
			return err
		}
		d.sum.Write(next)
		d.at += int64(len(next))
	}
	return nil
}

// Sum returns the digest in hex. It is called when the upload is over. If nothing of the
// source was missing, it was not verified, and is read to its end now.
func (d *Digest) Sum(ctx context.Context) (string, error) {
	if !d.done {
		if err := d.finish(ctx); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(d.sum.Sum(nil)), nil
}
