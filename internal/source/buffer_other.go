//go:build !unix

package source

func newBuffer(n int64) []byte { return make([]byte, n) }

func freeBuffer([]byte) {}
