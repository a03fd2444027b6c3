package source

import (
	"slices"

	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Chunk is the bytes of one part, and the buffer or file that holds them. The caller
// releases it.
type Chunk struct {
	Payload wire.Payload
	lease   *lease // of a buffer of the budget; nil for a chunk that needs none
	free    func()
}

// Spare notes that the part is stored, so that its bytes may go when another part needs
// the room.
func (c Chunk) Spare() { c.lease.makeSpare() }

// Retake asks for the bytes again after Spare. It reports whether they are still there.
func (c Chunk) Retake() bool { return c.lease.retake() }

// Release frees what holds the bytes.
func (c Chunk) Release() { c.free() }

// lease is a buffer of the budget that holds a part of a plain stream. Once the part is
// stored, the buffer is kept only in case the part has to be sent again, and only until
// another part needs the room.
type lease struct {
	budget *Budget
	buffer []byte
	ended  bool // guarded by the budget's mu
}

// makeSpare lets the budget end the lease when somebody waits for room.
func (l *lease) makeSpare() {
	if l == nil {
		return
	}
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting > 0 {
		l.end()
		return
	}
	b.spare = append(b.spare, l)
}

// retake takes the lease off the spare ones. It reports whether the buffer is still held.
func (l *lease) retake() bool {
	if l == nil {
		return true
	}
	b := l.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spare = slices.DeleteFunc(b.spare, func(other *lease) bool { return other == l })
	return !l.ended
}

// release ends the lease, if it has not ended yet.
func (l *lease) release() {
	l.retake()
	l.budget.mu.Lock()
	defer l.budget.mu.Unlock()
	l.end()
}

// end gives the buffer back. The caller holds the budget's mu and takes the lease off the
// spare ones.
func (l *lease) end() {
	if !l.ended {
		l.ended = true
		l.budget.keep(l.buffer)
	}
}
