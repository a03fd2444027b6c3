package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/c88edac7/bytescale-go"
)

// patience is how long a worker waits for a file before it looks whether there are any left.
const patience = 2 * time.Second

// worker stores files of a queue.
type worker struct {
	queue      *queue
	client     *bytescale.Client
	dir        *os.Root // what no name in a message leads out of
	deliveries uint64   // after which a file is given up

	failed atomic.Int64 // files in a row
}

// sick is the number of files in a row that only a worker fails at that has a reason of its own,
// such as a directory that is not mounted or a key that is revoked. It stops before it has used up
// the deliveries of all files.
const sick = 20

var errSick = errors.New("this worker fails at every file")

// run stores files, that many at a time, until none waits and no worker is busy.
func (w *worker) run(ctx context.Context, files int) error {
	all, ctx := errgroup.WithContext(ctx)
	for range files {
		all.Go(func() error { return w.takeAll(ctx) })
	}
	return all.Wait()
}

// takeAll stores one file after the other. A failure of NATS does not end it, because the
// connection comes back by itself.
func (w *worker) takeAll(ctx context.Context) error {
	for ctx.Err() == nil {
		waiting, stop := context.WithTimeout(ctx, patience)
		msg, err := w.queue.tasks.Next(jetstream.FetchContext(waiting))
		stop()
		switch {
		case err == nil:
			if err = w.handle(ctx, msg); errors.Is(err, errSick) {
				return err
			}
		case errors.Is(err, nats.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
			var left int
			if left, err = w.queue.left(ctx); left == 0 && err == nil {
				return nil
			}
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "fleet: the queue:", err)
			pause(ctx)
		}
	}
	return context.Cause(ctx)
}

// handle does a task and tells the queue so. If it returns an error, the queue gives the task
// to a worker again. An error that is errSick ends the worker.
func (w *worker) handle(ctx context.Context, msg jetstream.Msg) error {
	defer w.heartbeat(msg)()
	toTheEnd := context.WithoutCancel(ctx) // what was done is told to the queue, even when the worker stops
	meta, err := msg.Metadata()
	if err != nil {
		return err
	}
	id, r := strings.TrimPrefix(msg.Subject(), subject), result{Deliveries: meta.NumDelivered}
	if meta.NumDelivered > 1 {
		// The worker before this one may have come so far that it stored the file.
		if stored, err := w.queue.isStored(toTheEnd, id); err != nil {
			return err
		} else if stored {
			return msg.DoubleAck(toTheEnd)
		}
	}
	if err = json.Unmarshal(msg.Data(), &r.task); err == nil {
		err = errors.New("it was tried, and no worker came to its end")
		if meta.NumDelivered <= w.deliveries {
			err = w.store(ctx, id, &r)
		}
	}
	switch {
	case err == nil:
		w.failed.Store(0)
	case ctx.Err() != nil:
		return msg.NakWithDelay(time.Second) // to another worker, because this one waits for no more by then
	case meta.NumDelivered < w.deliveries:
		fmt.Fprintf(os.Stderr, "fleet: %s will be tried again: %v\n", r.Name, err)
		if err := msg.NakWithDelay(time.Duration(meta.NumDelivered) * w.queue.handover); err != nil {
			return err
		}
		if w.failed.Add(1) >= sick {
			return fmt.Errorf("%w: %w", errSick, err)
		}
		return nil
	default:
		r.Error = err.Error()
	}
	if err := w.queue.record(ctx, id, r); err != nil {
		return err
	}
	if r.Error != "" {
		// Without the message, fill can add the file again.
		if err := w.queue.files.DeleteMsg(toTheEnd, meta.Sequence.Stream); err != nil {
			return err
		}
	}
	return msg.DoubleAck(toTheEnd)
}

// store uploads the file of a task. The path is fixed, so that the file has one name however
// often it is stored, and the service shows no file before all of it is there.
func (w *worker) store(ctx context.Context, id string, r *result) error {
	file, err := w.dir.Open(filepath.FromSlash(r.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	stored, err := w.client.Upload(ctx, bytescale.OpenedFile(file),
		bytescale.WithPath(r.Path),
		bytescale.WithMIME(cmp.Or(mime.TypeByExtension(path.Ext(r.Name)), "application/octet-stream")),
		bytescale.WithSingleRequest(1<<20), // one API call for a small file
		bytescale.WithResume(checkpoints{w.queue.checkpoints}, id),
		bytescale.WithSHA256())
	if err != nil {
		return err
	}
	r.Size, r.SHA256 = stored.Size, stored.SHA256
	return nil
}

// heartbeat tells the queue that the worker is busy with a task, until stop is called.
func (w *worker) heartbeat(msg jetstream.Msg) (stop func()) {
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		beats := time.NewTicker(w.queue.handover / 3)
		defer beats.Stop()
		for {
			select {
			case <-beats.C:
				_ = msg.InProgress() // if it is lost, the next one says the same
			case <-ctx.Done():
				return
			}
		}
	}()
	return stop
}
