package tree

import (
	"bufio"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
)

// run yields records in order and then [io.EOF]. A record is valid until the
// next call.
type run interface {
	next() (record, error)
}

// memoryRun is the sorted records of a buffer.
type memoryRun struct {
	buffer  []byte
	offsets []uint32
}

func (m *memoryRun) next() (record, error) {
	if len(m.offsets) == 0 {
		return record{}, io.EOF
	}
	r, _ := cutRecord(m.buffer[m.offsets[0]:])
	m.offsets = m.offsets[1:]
	return r, nil
}

// fileRun reads records from disk.
type fileRun struct {
	in     *bufio.Reader
	left   int64 // bytes of the run
	buffer []byte
}

var errDamaged = errors.New("sort on disk: the temporary file is damaged")

func (f *fileRun) next() (record, error) {
	if f.left == 0 {
		return record{}, io.EOF
	}
	var lengths [3]int
	total := 0
	for i := range lengths {
		n, err := f.length()
		if err != nil {
			return record{}, err
		}
		lengths[i] = n
		total += n
	}
	if int64(total) > f.left {
		return record{}, errDamaged
	}
	f.left -= int64(total)
	f.buffer = slices.Grow(f.buffer[:0], total)
	b := f.buffer[:total]
	if _, err := io.ReadFull(f.in, b); err != nil {
		return record{}, readError(err)
	}
	key, tie := lengths[0], lengths[0]+lengths[1]
	return record{b[:key], b[key:tie], b[tie:]}, nil
}

// length reads the length of a part.
func (f *fileRun) length() (int, error) {
	n, err := binary.ReadUvarint(f.in)
	if err != nil {
		return 0, readError(err)
	}
	f.left -= int64(bits.Len64(n|1)+6) / 7 // bytes that n takes
	if f.left < 0 || n > uint64(f.left) {
		return 0, errDamaged
	}
	return int(n), nil
}

// readError returns the error of a read in the middle of a run, where the file
// cannot end.
func readError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errDamaged
	}
	return fmt.Errorf("sort on disk: %w", err)
}

// merged is the records of several runs in order. Of records with the same key
// and tie, it yields that of the last run.
type merged struct {
	heads   heads
	current []byte
}

func newMerged(runs []run) (*merged, error) {
	m := &merged{}
	for i, in := range runs {
		switch r, err := in.next(); {
		case err == nil:
			m.heads = append(m.heads, &head{r, in, i})
		case err != io.EOF:
			return nil, err
		}
	}
	heap.Init(&m.heads)
	return m, nil
}

func (m *merged) next() (record, error) {
	for len(m.heads) > 0 {
		// A copy, because reading on overwrites the record.
		m.current = appendRecord(m.current[:0], m.heads[0].record)
		if err := m.advance(); err != nil {
			return record{}, err
		}
		r, _ := cutRecord(m.current)
		if len(m.heads) == 0 || m.heads[0].compare(r) != 0 {
			return r, nil
		}
	}
	return record{}, io.EOF
}

// advance takes the first record off its run.
func (m *merged) advance() error {
	first := m.heads[0]
	r, err := first.in.next()
	switch {
	case err == io.EOF:
		heap.Pop(&m.heads)
	case err != nil:
		return err
	default:
		first.record = r
		heap.Fix(&m.heads, 0)
	}
	return nil
}

// head is the first record of a run that has not been yielded.
type head struct {
	record
	in    run
	order int // of the run
}

// heads is a heap.
type heads []*head

func (h heads) Len() int { return len(h) }
func (h heads) Less(i, j int) bool {
	return cmp.Or(h[i].compare(h[j].record), cmp.Compare(h[i].order, h[j].order)) < 0
}
func (h heads) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)   { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// cancellable is a run that ends with the error of a context.
type cancellable struct {
	run
	ctx context.Context
}

func (c cancellable) next() (record, error) {
	if err := c.ctx.Err(); err != nil {
		return record{}, err
	}
	return c.run.next()
}
