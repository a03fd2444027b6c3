package pathvars

import (
	"crypto/rand"
	"strings"
)

// base58 leaves out the characters that are easily confused: 0 O I l.
const (
	base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base58Base     = int64(len(base58Alphabet))
)

// IsBase58 reports whether a text has only base58 characters.
func IsBase58(text string) bool {
	return strings.Trim(text, base58Alphabet) == ""
}

// RandomBase58 returns count random base58 characters, each equally likely.
func RandomBase58(count int) string {
	text := make([]byte, 0, count)
	var random [32]byte
	for {
		rand.Read(random[:]) // never fails
		for _, b := range random {
			if len(text) == count {
				return string(text)
			}
			// Drop values past the alphabet. A modulo would make some digits more likely.
			if b &= 63; int64(b) < base58Base {
				text = append(text, base58Alphabet[b])
			}
		}
	}
}
