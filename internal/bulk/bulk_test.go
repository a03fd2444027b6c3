package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/c88edac7/bytescale-go/internal/tree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// actions yields an action for each word: "+a" copies a, "=a" does nothing, "-a" deletes it, and "!"
// is the end with an error.
func actions(words ...string) iter.Seq2[tree.Action, error] {
	return func(yield func(tree.Action, error) bool) {
		for _, word := range words {
			if word == "!" {
				yield(tree.Action{}, errList)
				return
			}
			kind := map[byte]tree.Kind{'+': tree.Missing, '=': tree.Equal, '-': tree.Extra}[word[0]]
			if !yield(tree.Action{Kind: kind, Path: word[1:]}, nil) {
				return
			}
		}
	}
}

var (
	errList = errors.New("the list failed")
	errFile = errors.New("the file failed")
)

// fails reports whether the work on a path fails in these tests.
func fails(path string) error {
	if strings.Contains(path, "bad") {
		return errFile
	}
	return nil
}

// testRun returns a run that yields what was done, each copy after a second.
func testRun(workers int, words ...string) Run[string] {
	return Run[string]{
		Actions: actions(words...), Workers: workers, Batch: 2,
		Tell: func(a tree.Action) (string, error) { return "told " + a.Path, fails(a.Path) },
		Copy: func(a tree.Action) func(context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				select {
				case <-time.After(time.Second):
					return "copied " + a.Path, fails(a.Path)
				case <-ctx.Done():
					return "stopped " + a.Path, ctx.Err()
				}
			}
		},
		Delete: func(_ context.Context, batch []tree.Action) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				for _, a := range batch {
					if !yield(fmt.Sprintf("deleted %s of %d", a.Path, len(batch)), fails(a.Path)) {
						return
					}
				}
			}
		},
	}
}

// collect returns what a run yields: the files, "(failed)" behind those that failed, and the last
// error if it is that of no file.
func collect(ctx context.Context, r Run[string]) (got []string, last error) {
	for file, err := range r.Files(ctx) {
		if file == "" {
			last = err
			continue
		}
		if err != nil {
			file += " (failed)"
		}
		got = append(got, file)
	}
	return got, last
}

func TestFiles(t *testing.T) {
	for _, test := range []struct {
		words string
		want  string
		last  error
	}{
		{"", "", nil},
		{"+a +b =c", "copied a, copied b, told c", nil},
		{"+bad +b", "copied b, copied bad (failed)", nil},
		{"=bad +b -x", "copied b, told bad (failed)", ErrFailed},
		{"+a !", "copied a", errList},
		{"+a -x -y -z", "copied a, deleted x of 2, deleted y of 2, deleted z of 1", nil},
		{"+a -bad -y -z", "copied a, deleted bad of 2 (failed), deleted y of 2, deleted z of 1", nil},
		{"+bad -x -y", "copied bad (failed)", ErrFailed},
		{"-x -y", "", ErrEmpty},
		{"+other -x", "deleted x of 1", nil},
	} {
		for _, workers := range []int{0, 1, 3} {
			synctest.Test(t, func(t *testing.T) {
				r := testRun(workers, strings.Fields(test.words)...)
				r.Takes = func(path string) bool { return path != "other" }
				got, last := collect(t.Context(), r)
				slices.Sort(got)
				if text := strings.Join(got, ", "); text != test.want || last != test.last {
					t.Errorf("%s with %d workers: %s; %v, want %s; %v", test.words, workers, text, last, test.want, test.last)
				}
			})
		}
	}
}

// As many files are worked on at a time as there are workers. Deletion waits for the last of them.
func TestWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		var deleted time.Duration
		begin := time.Now()
		r := testRun(3, "+1", "+2", "+3", "+4", "+5", "+6", "+7", "-x")
		work, remove := r.Copy, r.Delete
		r.Copy = func(a tree.Action) func(context.Context) (string, error) {
			do := work(a)
			return func(ctx context.Context) (string, error) {
				most.Store(max(most.Load(), now.Add(1)))
				defer now.Add(-1)
				return do(ctx)
			}
		}
		r.Delete = func(ctx context.Context, batch []tree.Action) iter.Seq2[string, error] {
			deleted = time.Since(begin)
			return remove(ctx, batch)
		}
		if got, err := collect(t.Context(), r); len(got) != 8 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if most.Load() != 3 || deleted != 3*time.Second {
			t.Errorf("%d at a time, deleted after %v", most.Load(), deleted)
		}
	})
}

// When the context ends, files that are worked on fail, those in the queue are not yielded, and the
// error of the context comes last.
func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		got, last := collect(ctx, testRun(2, "+1", "+2", "+3", "+4", "+5", "+6", "-x"))
		slices.Sort(got)
		want := "copied 1, copied 2, stopped 3 (failed), stopped 4 (failed)"
		if text := strings.Join(got, ", "); text != want || !errors.Is(last, context.DeadlineExceeded) {
			t.Errorf("%s; %v, want %s", text, last, want)
		}
	})
}

// A context that ends after the work is done is no error.
func TestContextEndsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		for file, err := range testRun(2, "+1").Files(ctx) {
			cancel()
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
		cancel()
	})
}

// Leaving the loop, also by a panic, stops the workers and waits for them.
func TestLeavingTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		for range testRun(2, "+1", "+2", "+3", "+4").Files(t.Context()) {
			break
		}
		func() {
			defer func() { _ = recover() }()
			for range testRun(2, "+1", "+2", "+3", "+4").Files(t.Context()) {
				panic("in the loop")
			}
		}()
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("it took %v", took)
		}
	}) // synctest fails if a goroutine is left
}

// Files are found ahead of the workers, but not without bound.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := 0
		r := testRun(2)
		r.Actions = func(yield func(tree.Action, error) bool) {
			for yield(tree.Action{Kind: tree.Missing, Path: "a"}, nil) {
				found++
			}
		}
		for range r.Files(t.Context()) {
			synctest.Wait()
			break
		}
		if most := ahead + 10; found < ahead || found > most {
			t.Errorf("%d files were found ahead, want about %d", found, ahead)
		}
	})
}
