package transfer

import (
	"errors"
	"math"
	"math/bits"
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

// FuzzPlan compares the plan with one that sees all ranges at once: it accepts the parts
// of a file if and only if they fit together.
func FuzzPlan(f *testing.F) {
	f.Add(byte(10), uint16(0b111), []byte{0, 2, 3, 3, 4, 9})
	f.Add(byte(10), uint16(0b101), []byte{9, 9, 0, 4})
	f.Add(byte(0), uint16(1), []byte{0, 255})
	f.Fuzz(func(t *testing.T, size byte, listed uint16, ranges []byte) {
		var todo []int64
		for i := range int64(16) {
			if listed>>i&1 == 1 {
				todo = append(todo, i)
			}
		}
		if len(todo) == 0 || len(ranges) < 2*len(todo) {
			return
		}
		var parts []Part
		for i, index := range todo {
			parts = append(parts, Part{Index: index, Start: int64(int8(ranges[2*i])), End: int64(int8(ranges[2*i+1]))})
		}
		count := int64(bits.Len16(listed))
		if len(ranges)%2 == 1 { // there are parts behind the last one that is listed
			count += 2
		}
		wantStored, fits := storedBeside(int64(size), count, parts)
		for _, backwards := range []bool{false, true} {
			plan := newPlan(int64(size), count, todo)
			var stored int64
			var err error
			for i := 0; i < len(parts) && err == nil; i++ {
				position := i
				if backwards {
					position = len(parts) - 1 - i
				}
				var gap int64
				gap, err = plan.learn(int64(position), parts[position])
				stored += gap
			}
			if (err == nil) != fits || fits && stored != wantStored || fits && len(plan.spans) > 0 {
				t.Fatalf("backwards %v, %d bytes, %d parts, %+v: %d stored, %v; want %d and fit %v", backwards, size, count, parts, stored, err, wantStored, fits)
			}
		}
	})
}

// storedBeside returns the number of bytes that belong to none of the parts, and whether
// the parts and those that are missing can make up a file.
func storedBeside(size, count int64, parts []Part) (stored int64, fits bool) {
	end, index := int64(0), int64(-1)
	for _, p := range append(slices.Clone(parts), Part{Index: count, Start: size, End: size}) {
		gap, missing := p.Start-end, p.Index-index-1
		isEnd := p.Index == count
		if gap < missing || missing == 0 && gap != 0 || !isEnd && (p.End >= size || p.End < p.Start && (size > 0 || p.End != p.Start-1)) {
			return 0, false
		}
		stored += gap
		end, index = p.End+1, p.Index
	}
	return stored, true
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
