package tree

import (
	"crypto/sha256"
	"encoding/binary"
)

// Shard reports whether the file at path belongs to shard i of n, where i is
// from 0 to n-1. Every path belongs to exactly one shard. The shard is the
// first four bytes of the SHA-256 of the path, as a big-endian number, modulo
// n, so that other programs can compute it. In a shell:
//
//	$(( 16#$(printf %s "$path" | sha256sum | head -c 8) % n ))
//
// Apply it to the actions of a plan and not to the listings, because a file may
// collide with one of another shard.
func Shard(path string, i, n int) bool {
	sum := sha256.Sum256([]byte(path))
	return uint64(binary.BigEndian.Uint32(sum[:]))%uint64(n) == uint64(i)
}
