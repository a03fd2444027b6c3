//go:build unix

package source

import "golang.org/x/sys/unix"

// newBlock returns a block of memory. It lies outside the heap, because inside it the
// garbage collector would let the heap grow to twice the size of all blocks before it runs,
// and would return the memory late.
func newBlock() []byte {
	block, err := unix.Mmap(-1, 0, blockSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return make([]byte, blockSize)
	}
	return block
}

// freeBlock frees a block of newBlock.
func freeBlock(block []byte) {
	// This fails for a block that lies in the heap after all. The collector frees it.
	_ = unix.Munmap(block)
}
