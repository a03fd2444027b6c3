//go:build !unix

package bytescale

func newBuffer(n int64) []byte { return make([]byte, n) }

func freeBuffer([]byte) {}
