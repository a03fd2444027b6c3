package main

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// hexOf returns the hash of what was written to sum, in hex.
func hexOf(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)) }

func hashReader(r io.Reader) (string, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return "", err
	}
	return hexOf(sum), nil
}
