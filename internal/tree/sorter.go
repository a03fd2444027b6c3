package tree

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
)

const (
	// sortMemory is how many bytes of records are in memory before they are
	// written to disk: some 40,000 files.
	sortMemory = 4 << 20

	// mergeWidth is how many runs are merged at a time. Each has a buffer of
	// runBuffer bytes.
	mergeWidth = 128
	runBuffer  = 16 << 10
)

// record is what a sorter sorts: by key, then by tie.
type record struct{ key, tie, value []byte }

func (r record) compare(other record) int {
	return cmp.Or(bytes.Compare(r.key, other.key), bytes.Compare(r.tie, other.tie))
}

// sorter sorts any number of records in bounded memory. Of records with the
// same key and tie, only the last added is kept.
//
// Records are collected in memory. When they are too many, they are sorted and
// written to a temporary file as a run. A run whose records all follow those of
// the run before continues it: what comes in ascending order is one run,
// however long it is, and is read back without a merge. All runs are in one
// file, so that the number of open files does not grow either.
type sorter struct {
	dir    string // of the temporary file
	memory int
	width  int

	buffer  []byte   // encoded records
	offsets []uint32 // where in buffer they begin

	file *os.File // nil as long as all is in memory
	size int64
	runs []span
	last record // the last record of the last run
}

// span is the place of a run in the file.
type span struct{ start, end int64 }

// newSorter returns a sorter with the given bytes of memory, or sortMemory if
// they are 0.
func newSorter(dir string, memory int) *sorter {
	return &sorter{dir: dir, memory: cmp.Or(memory, sortMemory), width: mergeWidth}
}

// add adds a copy of a record.
func (s *sorter) add(r record) error {
	if len(s.buffer)+4*len(s.offsets) >= s.memory {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.offsets = append(s.offsets, uint32(len(s.buffer)))
	s.buffer = appendRecord(s.buffer, r)
	return nil
}

// sort sorts what is in memory.
func (s *sorter) sort() {
	slices.SortFunc(s.offsets, func(a, b uint32) int {
		return cmp.Or(s.at(a).compare(s.at(b)), cmp.Compare(a, b))
	})
}

func (s *sorter) at(offset uint32) record {
	r, _ := cutRecord(s.buffer[offset:])
	return r
}

// spill writes what is in memory to the file.
func (s *sorter) spill() error {
	if len(s.offsets) == 0 {
		return nil
	}
	s.sort()
	if s.file == nil {
		f, err := newTemporary(s.dir)
		if err != nil {
			return err
		}
		s.file = f
	}
	if len(s.runs) == 0 || s.last.compare(s.at(s.offsets[0])) > 0 {
		s.runs = append(s.runs, span{s.size, s.size})
	}
	end, err := writeRun(s.file, s.size, &memoryRun{s.buffer, s.offsets})
	if err != nil {
		return err
	}
	s.last = s.at(s.offsets[len(s.offsets)-1])
	s.last.key, s.last.tie, s.last.value = bytes.Clone(s.last.key), bytes.Clone(s.last.tie), nil
	s.runs[len(s.runs)-1].end, s.size = end, end
	s.buffer, s.offsets = s.buffer[:0], s.offsets[:0]
	return nil
}

// merge returns the records in order. Nothing can be added afterwards. The
// sorter must stay open while they are read.
func (s *sorter) merge(ctx context.Context) (*merged, error) {
	if s.file == nil {
		s.sort()
		return newMerged([]run{&memoryRun{s.buffer, s.offsets}})
	}
	if err := s.spill(); err != nil { // the rest, so that its memory is free
		return nil, err
	}
	s.buffer, s.offsets = nil, nil
	for len(s.runs) > s.width {
		if err := s.pass(ctx); err != nil {
			return nil, err
		}
	}
	return newMerged(s.inputs(s.runs))
}

func (s *sorter) inputs(runs []span) []run {
	var inputs []run
	for _, r := range runs {
		section := io.NewSectionReader(s.file, r.start, r.end-r.start)
		inputs = append(inputs, &fileRun{in: bufio.NewReaderSize(section, runBuffer), left: r.end - r.start})
	}
	return inputs
}

// pass merges neighbouring runs into longer ones, in another file.
func (s *sorter) pass(ctx context.Context) error {
	f, err := newTemporary(s.dir)
	if err != nil {
		return err
	}
	size, runs := int64(0), []span(nil)
	for group := range slices.Chunk(s.runs, s.width) {
		m, err := newMerged(s.inputs(group))
		if err == nil {
			start := size
			size, err = writeRun(f, start, cancellable{m, ctx})
			runs = append(runs, span{start, size})
		}
		if err != nil {
			removeTemporary(f)
			return err
		}
	}
	s.close()
	s.file, s.size, s.runs = f, size, runs
	return nil
}

// close removes the file.
func (s *sorter) close() {
	if s.file != nil {
		removeTemporary(s.file)
		s.file = nil
	}
}

// writeRun writes records at the end of the file, which is at offset, and
// returns the new end.
func writeRun(f *os.File, offset int64, in run) (int64, error) {
	out := bufio.NewWriterSize(f, 4*runBuffer)
	var encoded []byte
	for {
		r, err := in.next()
		if err == io.EOF {
			if err := out.Flush(); err != nil {
				return 0, fmt.Errorf("sort on disk: %w", err)
			}
			return offset, nil
		}
		if err != nil {
			return 0, err
		}
		encoded = appendRecord(encoded[:0], r)
		offset += int64(len(encoded))
		if _, err := out.Write(encoded); err != nil {
			return 0, fmt.Errorf("sort on disk: %w", err)
		}
	}
}

// newTemporary creates a file that only this user can read. Where the system
// lets an open file lose its name, it is gone as soon as the process ends.
func newTemporary(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "bytescale-*")
	if err != nil {
		return nil, fmt.Errorf("sort on disk: %w", err)
	}
	_ = os.Remove(f.Name()) // where this fails, removeTemporary does it
	return f, nil
}

func removeTemporary(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name())
}

// appendRecord appends the lengths of the three parts and then the parts.
func appendRecord(b []byte, r record) []byte {
	for _, part := range [][]byte{r.key, r.tie, r.value} {
		b = binary.AppendUvarint(b, uint64(len(part)))
	}
	b = append(b, r.key...)
	b = append(b, r.tie...)
	return append(b, r.value...)
}

// cutRecord returns the first record of b and what follows it. b is known to
// begin with a record.
func cutRecord(b []byte) (record, []byte) {
	var lengths [3]uint64
	for i := range lengths {
		n, size := binary.Uvarint(b)
		lengths[i], b = n, b[size:]
	}
	key, tie := lengths[0], lengths[0]+lengths[1]
	end := tie + lengths[2]
	return record{b[:key], b[key:tie], b[tie:end]}, b[end:]
}
