//go:build unix

package source

import "golang.org/x/sys/unix"

// ownMapping is the size from which a buffer gets a memory mapping of its own.
const ownMapping = 1 << 20

// newBuffer returns n bytes. Large buffers lie outside the heap, because inside it the
// garbage collector would let the heap grow to twice their size before it runs, and would
// return the memory late.
func newBuffer(n int64) []byte {
	if n >= ownMapping {
		buffer, err := unix.Mmap(-1, 0, int(n), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
		if err == nil {
			return buffer
		}
	}
	return make([]byte, n)
}

// freeBuffer frees a buffer of newBuffer.
func freeBuffer(buffer []byte) {
	if cap(buffer) >= ownMapping {
		// This fails for a buffer that lies in the heap after all. The collector frees it.
		_ = unix.Munmap(buffer[:cap(buffer)])
	}
}
