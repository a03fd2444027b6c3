package transfer

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// drawFile draws a size and ranges that cover it.
func drawFile(t *rapid.T) (size int64, parts []Part) {
	lengths := rapid.SliceOfN(rapid.Int64Range(1, 1<<40), 1, 40).Draw(t, "lengths")
	for i, length := range lengths {
		parts = append(parts, Part{Index: int64(i), Start: size, End: size + length - 1})
		size += length
	}
	return size, parts
}

func TestPlanAcceptsWhatFitsInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size, parts := drawFile(t)
		var todo []int64
		missing := int64(0)
		for _, p := range parts {
			if rapid.Bool().Draw(t, "todo") {
				todo = append(todo, p.Index)
				missing += p.length()
			}
		}
		if len(todo) == 0 {
			return
		}
		plan := newPlan(size, int64(len(parts)), todo)
		var known int64
		for _, position := range rapid.Permutation(upTo(len(todo))).Draw(t, "order") {
			gap, err := plan.learn(int64(position), parts[todo[position]])
			if err != nil {
				t.Fatalf("part %d: %v", todo[position], err)
			}
			known += gap
		}
		if want := size - missing; known != want {
			t.Fatalf("%d bytes known to be with the service, want %d", known, want)
		}
		if len(plan.spans) > 0 {
			t.Fatalf("ranges are left: %v", plan.spans)
		}
	})
}

func TestPlanRefusesAnyWrongEdge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size, parts := drawFile(t)
		broken := rapid.IntRange(0, len(parts)-1).Draw(t, "broken")
		by := rapid.SampledFrom([]int64{-2, -1, 1, 2, math.MaxInt32}).Draw(t, "by")
		if rapid.Bool().Draw(t, "start") {
			parts[broken].Start += by
		} else {
			parts[broken].End += by
		}
		plan := newPlan(size, int64(len(parts)), nil)
		for _, position := range rapid.Permutation(upTo(len(parts))).Draw(t, "order") {
			if _, err := plan.learn(int64(position), parts[position]); err != nil {
				if !errors.Is(err, errs.ErrProtocol) {
					t.Fatalf("error %v is not ErrProtocol", err)
				}
				return
			}
		}
		t.Fatalf("parts %+v of %d bytes were accepted", parts, size)
	})
}

func TestPlanEmptyFile(t *testing.T) {
	t.Parallel()
	plan := newPlan(0, 1, nil)
	if _, err := plan.learn(0, Part{Start: 0, End: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := newPlan(1, 1, nil).learn(0, Part{Start: 0, End: -1}); !errors.Is(err, errs.ErrProtocol) {
		t.Errorf("an empty part of a file of one byte: %v, want ErrProtocol", err)
	}
}

func TestPlanRefusesForeignIndex(t *testing.T) {
	t.Parallel()
	if _, err := newPlan(10, 2, nil).learn(0, Part{Index: 1, Start: 0, End: 4}); !errors.Is(err, errs.ErrProtocol) {
		t.Errorf("%v, want ErrProtocol", err)
	}
}

func TestPlanKeepsOnlyOpenEdges(t *testing.T) {
	t.Parallel()
	plan := newPlan(1<<40, 1<<20, nil)
	for i := range int64(1 << 12) {
		if _, err := plan.learn(i, Part{Index: i, Start: i << 20, End: (i+1)<<20 - 1}); err != nil {
			t.Fatal(err)
		}
		if n := len(plan.spans); n > 1 {
			t.Fatalf("%d ranges kept after part %d in order", n, i)
		}
	}
}

func TestCheckTodo(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]int64{{-1}, {3}, {1, 1}, {2, 1}, {0, 1, 2, 3}} {
		if err := checkTodo(bad, 3); !errors.Is(err, errs.ErrProtocol) {
			t.Errorf("%v of 3 parts: %v, want ErrProtocol", bad, err)
		}
	}
	for _, good := range [][]int64{nil, {0}, {0, 2}, {0, 1, 2}} {
		if err := checkTodo(good, 3); err != nil {
			t.Errorf("%v of 3 parts: %v", good, err)
		}
	}
}

func upTo(n int) []int {
	return slices.Collect(func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	})
}
