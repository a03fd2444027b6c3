package transfer

import (
	"fmt"
	"math"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// plan is the list of the parts to send, in ascending order, and checks that
// what the server says of them fits together: the ranges lie in the file, do not
// overlap and leave nothing out. It keeps only the edges of parts whose
// neighbour is not known yet, so that it does not grow with the file.
//
// A plan is not safe for concurrent use.
type plan struct {
	size  int64
	count int64   // parts of the whole upload
	todo  []int64 // the parts to send; nil for all of them

	// The edges that still have no neighbour, by position in the list: where
	// the part at this position ends, where it starts.
	ends, starts map[int64]int64
}

func newPlan(size, count int64, todo []int64) *plan {
	return &plan{size: size, count: count, todo: todo, ends: map[int64]int64{}, starts: map[int64]int64{}}
}

// length is the number of parts to send.
func (p *plan) length() int64 {
	if p.todo == nil {
		return p.count
	}
	return int64(len(p.todo))
}

// index is the index of the part at a position of the list.
func (p *plan) index(position int64) int64 {
	if p.todo == nil {
		return position
	}
	return p.todo[position]
}

// checkTodo refuses a list of remaining parts that makes no sense.
func checkTodo(todo []int64, count int64) error {
	last := int64(-1)
	for _, index := range todo {
		if index <= last || index >= count {
			return fmt.Errorf("%w: remaining parts %d after %d of %d", errs.ErrProtocol, index, last, count)
		}
		last = index
	}
	return nil
}

// learn takes in the range of the part at a position of the list. It returns the
// number of bytes beside it that turn out to belong to parts not in the list,
// those that the service has already.
func (p *plan) learn(position int64, got Part) (known int64, err error) {
	index := p.index(position)
	switch {
	case got.Index != index:
		return 0, fmt.Errorf("%w: asked for part %d, was told of part %d", errs.ErrProtocol, index, got.Index)
	case got.Start < 0 || got.End < got.Start-1 || got.End >= p.size || got.End == math.MaxInt64:
		return 0, fmt.Errorf("%w: part %d is bytes %d..%d of a file of %d bytes", errs.ErrProtocol, index, got.Start, got.End, p.size)
	case got.length() == 0 && p.size > 0:
		return 0, fmt.Errorf("%w: part %d is empty", errs.ErrProtocol, index)
	}

	before, err := p.join(position-1, position, got.Start, p.starts, p.ends, true)
	if err != nil {
		return 0, err
	}
	after, err := p.join(position, position+1, got.End+1, p.ends, p.starts, false)
	return before + after, err
}

// join brings together the end of the part at position left and the start of
// the one at right. edge is the one of the two that has just become known; it
// waits in own until the other, in others, is known too.
func (p *plan) join(left, right, edge int64, own, others map[int64]int64, edgeIsStart bool) (gap int64, err error) {
	ownKey, otherKey := left, right
	if edgeIsStart {
		ownKey, otherKey = right, left
	}
	other, known := others[otherKey]
	switch {
	case left < 0:
		other, known = 0, true
	case right == p.length():
		other, known = p.size, true
	}
	if !known {
		own[ownKey] = edge
		return 0, nil
	}
	delete(others, otherKey)

	end, start := edge, other
	if edgeIsStart {
		end, start = other, edge
	}
	if gap, between := start-end, p.between(left, right); gap < between || between == 0 && gap > 0 {
		return 0, fmt.Errorf("%w: %d bytes between byte %d and byte %d, for %d parts", errs.ErrProtocol, gap, end, start, between)
	}
	return start - end, nil
}

// between is the number of parts between two positions that are not in the list.
func (p *plan) between(left, right int64) int64 {
	before, after := int64(-1), p.count
	if left >= 0 {
		before = p.index(left)
	}
	if right < p.length() {
		after = p.index(right)
	}
	return after - before - 1
}
