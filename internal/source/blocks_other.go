//go:build !unix

package source

func newBlock() []byte { return make([]byte, blockSize) }

func freeBlock([]byte) {}
