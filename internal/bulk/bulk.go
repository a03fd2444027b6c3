// Package bulk carries out what a comparison of two trees says, for several files at a time.
// It knows neither where files come from nor where they go; its caller passes functions that
// copy and delete.
package bulk

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/c88edac7/bytescale-go/internal/tree"
)

// ahead is how many files are found before there is a worker for them, so that the sum of
// their sizes is known early. It bounds the memory for them.
const ahead = 256

// Run describes the work on two trees. F is what the caller is told of a file.
type Run[F any] struct {
	// Actions are what to do. Those of kind Extra come last; without any, nothing is
	// deleted.
	Actions iter.Seq2[tree.Action, error]
	// Takes reports whether this run works on the file at a path. The others belong to
	// another shard. Nil takes all.
	Takes func(path string) bool
	// Workers is how many files are worked on at a time. With none, everything happens in
	// the order of Actions.
	Workers int
	// More returns how many there may be instead by now, if that is more than Workers. Nil is
	// for Workers alone.
	More func() int
	// Tell returns what the caller is told of a file that is neither copied nor deleted.
	Tell func(tree.Action) (F, error)
	// Copy is called for each file to copy, in the order of Actions. It returns what copies
	// the file, which is called once, unless the context ends before there is a worker.
	Copy func(tree.Action) func(context.Context) (F, error)
	// Delete deletes extra files, at most Batch at a time, and yields each.
	Delete func(context.Context, []tree.Action) iter.Seq2[F, error]
	Batch  int
}

// Why extra files are not deleted.
var (
	ErrFailed = errors.New("nothing was deleted, because a file failed")
	ErrEmpty  = errors.New("nothing was deleted, because the source has no files: it may not be the right one")
)

// Files does the work and yields what became of each file, as they end.
//
// The failure of a file is yielded with it, and the others go on. An error of Actions comes
// last, when the files before it have ended, and so does that of ctx, which stops all work:
// files that are being worked on fail, and those that nobody has begun are not yielded.
// Extra files are deleted after all else, and not if a file failed or if the source has none;
// the sequence then ends with [ErrFailed] or [ErrEmpty]. When the sequence has ended, however
// that was, no worker is left.
func (r Run[F]) Files(ctx context.Context) iter.Seq2[F, error] {
	return func(yield func(F, error) bool) {
		work, cancel := context.WithCancel(ctx)
		s := &state[F]{Run: r, ctx: work, results: make(chan result[F])}
		go s.run()
		defer func() {
			cancel()
			for range s.results { // waits for the workers, also if the loop of the caller panics
			}
		}()
		for one := range s.results {
			if !yield(one.file, one.err) {
				return
			}
		}
		err := s.err
		if s.cut.Load() {
			err = ctx.Err()
		}
		if err != nil {
			yield(*new(F), err)
		}
	}
}

type result[F any] struct {
	file F
	err  error
}

// state is a run in progress.
type state[F any] struct {
	Run[F]
	ctx     context.Context
	results chan result[F] // closed when no worker is left

	tasks    chan func() // for the workers; nil without any
	workers  sync.WaitGroup
	working  atomic.Int64 // workers
	pending  sync.WaitGroup
	failed   atomic.Bool // a file failed
	cut      atomic.Bool // ctx ended before all was done
	found    bool        // the source has an entry
	deleting bool
	extras   []tree.Action // of the next batch
	err      error         // why it ended early
}

func (s *state[F]) run() {
	defer close(s.results)
	if s.Workers > 0 {
		s.tasks = make(chan func(), ahead)
		defer s.workers.Wait()
		defer close(s.tasks)
	}
	s.err = s.find()
}

// most returns how many workers there may be.
func (s *state[F]) most() int64 {
	if s.More == nil {
		return int64(s.Workers)
	}
	return int64(max(s.Workers, s.More()))
}

// hire starts the workers that are missing.
func (s *state[F]) hire() {
	for most := s.most(); s.working.Load() < most; {
		s.working.Add(1)
		s.workers.Go(func() {
			for task := range s.tasks {
				task()
				if s.leave() {
					return
				}
			}
		})
	}
}

// leave reports whether there are too many workers, so that one has to go.
func (s *state[F]) leave() bool {
	for most := s.most(); ; {
		now := s.working.Load()
		if now <= most {
			return false
		}
		if s.working.CompareAndSwap(now, now-1) {
			return true
		}
	}
}

// find hands out the work.
func (s *state[F]) find() error {
	for action, err := range s.Actions {
		if s.isCut() {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.begin(action); err != nil {
			return err
		}
	}
	if !s.isCut() {
		s.deleteBatch()
	}
	return nil
}

// begin hands out the work of an action.
func (s *state[F]) begin(action tree.Action) error {
	if action.Kind == tree.Extra && !s.deleting {
		if err := s.mayDelete(); err != nil {
			return err
		}
		s.deleting = true
	}
	s.found = s.found || action.Kind != tree.Extra
	if s.Takes != nil && !s.Takes(action.Path) {
		return nil
	}
	switch {
	case action.Kind == tree.Extra:
		if s.extras = append(s.extras, action); len(s.extras) >= s.Batch {
			s.deleteBatch()
		}
	case action.Kind.Copies():
		work := s.Copy(action)
		s.do(func() { s.report(work(s.ctx)) })
	default:
		s.report(s.Tell(action))
	}
	return nil
}

// mayDelete waits for all files and returns why nothing may be deleted.
func (s *state[F]) mayDelete() error {
	s.pending.Wait()
	switch {
	case s.failed.Load():
		return ErrFailed
	case !s.found:
		return ErrEmpty
	}
	return nil
}

func (s *state[F]) deleteBatch() {
	if batch := s.extras; len(batch) > 0 {
		s.extras = nil
		s.do(func() {
			for file, err := range s.Delete(s.ctx, batch) {
				s.report(file, err)
			}
		})
	}
}

// do hands a task to a worker. A task that ctx leaves no time for is not begun.
func (s *state[F]) do(task func()) {
	if s.tasks == nil {
		task()
		return
	}
	s.pending.Add(1)
	s.hire()
	s.tasks <- func() {
		defer s.pending.Done()
		if !s.isCut() {
			task()
		}
	}
}

// report passes on what became of a file.
func (s *state[F]) report(file F, err error) {
	if err != nil {
		s.failed.Store(true)
		s.isCut()
	}
	s.results <- result[F]{file, err}
}

// isCut reports whether ctx has ended before all was done.
func (s *state[F]) isCut() bool {
	ended := s.ctx.Err() != nil
	if ended {
		s.cut.Store(true)
	}
	return ended
}
