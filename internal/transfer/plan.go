package transfer

import (
	"fmt"
	"math"

	"github.com/c88edac7/bytescale-go/internal/errs"
)

// plan lists the parts to send, in ascending order, and checks that the ranges that
// the service assigns to them fit together: each lies in the file, none overlap, and
// nothing is left out. It keeps the range of a part only until those of both its
// neighbours are known, so that it does not grow with the file.
//
// A plan is not safe for concurrent use.
type plan struct {
	size  int64
	count int64   // parts of the whole upload
	todo  []int64 // the parts to send; nil for all of them

	spans map[int64]span // by position in the list
}

// span is the range of a part.
type span struct {
	start, end int64 // end is the position after the last byte
	open       int   // borders behind which the neighbour is not known yet
}

func newPlan(size, count int64, todo []int64) *plan {
	return &plan{size: size, count: count, todo: todo, spans: map[int64]span{}}
}

// length returns the number of parts to send.
func (p *plan) length() int64 {
	if p.todo == nil {
		return p.count
	}
	return int64(len(p.todo))
}

// index returns the index of the part at a position of the list. The part before the
// first one has index -1, and the one after the last has the number of parts.
func (p *plan) index(position int64) int64 {
	switch {
	case position < 0:
		return -1
	case position >= p.length():
		return p.count
	case p.todo == nil:
		return position
	}
	return p.todo[position]
}

// checkTodo checks a list of remaining parts: it must ascend and lie in the upload.
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
// number of bytes next to it that turn out to belong to parts that are not in the
// list, because the service has them already.
func (p *plan) learn(position int64, got Part) (stored int64, err error) {
	index := p.index(position)
	switch {
	case got.Index != index:
		return 0, fmt.Errorf("%w: asked for part %d, was told of part %d", errs.ErrProtocol, index, got.Index)
	case got.Start < 0 || got.End < got.Start-1 || got.End >= p.size || got.End == math.MaxInt64:
		return 0, fmt.Errorf("%w: part %d is bytes %d..%d of a file of %d bytes", errs.ErrProtocol, index, got.Start, got.End, p.size)
	case got.length() == 0 && p.size > 0:
		return 0, fmt.Errorf("%w: part %d is empty", errs.ErrProtocol, index)
	}
	p.spans[position] = span{start: got.Start, end: got.End + 1, open: 2}
	before, err := p.checkBorder(position)
	if err != nil {
		return 0, err
	}
	after, err := p.checkBorder(position + 1)
	return before + after, err
}

// checkBorder compares the parts on both sides of the border in front of a position,
// if both are known, and returns the number of bytes between them. The edges of the
// file are known.
func (p *plan) checkBorder(position int64) (gap int64, err error) {
	left, known := p.spans[position-1]
	if position > 0 && !known {
		return 0, nil
	}
	right, known := p.spans[position]
	if position == p.length() {
		right.start = p.size
	} else if !known {
		return 0, nil
	}
	p.closeBorder(position - 1)
	p.closeBorder(position)

	gap = right.start - left.end
	missing := p.index(position) - p.index(position-1) - 1 // parts between, which are not in the list
	if gap < missing || missing == 0 && gap > 0 {
		return 0, fmt.Errorf("%w: %d bytes between byte %d and byte %d, for %d parts", errs.ErrProtocol, gap, left.end, right.start, missing)
	}
	return gap, nil
}

// closeBorder notes that one border of the part at a position is checked. The range
// is forgotten with the second one.
func (p *plan) closeBorder(position int64) {
	part, known := p.spans[position]
	if !known {
		return
	}
	if part.open--; part.open == 0 {
		delete(p.spans, position)
		return
	}
	p.spans[position] = part
}
