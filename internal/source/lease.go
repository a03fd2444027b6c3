package source

import (
	"slices"

	"github.com/c88edac7/bytescale-go/internal/wire"
)

// Chunk is the bytes of one part, and what holds them.
type Chunk struct {
	Payload wire.Payload
	lease   *lease // of the budget; nil for what needs no buffer
	free    func()
}

// Spare says that the bytes can be done without.
func (c Chunk) Spare() { c.lease.makeSpare() }

// Retake asks for the bytes again. It returns false if they are gone.
func (c Chunk) Retake() bool { return c.lease.retake() }

// Release frees what holds the bytes.
func (c Chunk) Release() { c.free() }

// lease is a buffer of the budget that holds a part of a plain stream. When the
// part is with storage, the bytes are kept only in case that they have to be sent
// once more, and only as long as nobody waits for the room: waiting for the API
// to confirm a part would otherwise be what limits a fast stream.
type lease struct {
	budget *Budget
	buffer []byte
	ended  bool // guarded by the budget's mu
}

// makeSpare says that the bytes can be done without.
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

// retake asks for the bytes again. It returns false if they are gone.
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

// end gives the buffer back. The caller holds the budget's mu and takes the lease
// off the spare ones.
func (l *lease) end() {
	if !l.ended {
		l.ended = true
		l.budget.keep(l.buffer)
	}
}
