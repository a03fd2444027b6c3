//go:build unix

package source

import "golang.org/x/sys/unix"

// ownMapping is the size from which a buffer gets a mapping of its own.
const ownMapping = 1 << 20

// newBuffer returns n bytes. Large buffers lie outside the heap: inside, the
// garbage collector would let the heap grow to twice what they take before it
// runs, and would give the memory back late.
func newBuffer(n int64) []byte {
	if n >= ownMapping {
		buffer, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err == nil {
			return buffer
		}
	}
	return make([]byte, n)
}

// freeBuffer lets go of a buffer of newBuffer that nobody uses any more.
func freeBuffer(buffer []byte) {
	if cap(buffer) >= ownMapping {
		// Fails for what came from the heap after all; the collector takes that.
		_ = unix.Munmap(buffer[:cap(buffer)])
	}
}
