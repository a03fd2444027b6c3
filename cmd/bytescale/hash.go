package main

import (
	"crypto/sha256"
	"encoding/hex"
	stdhash "hash"
	"io"
	"os"
)

// hash is a SHA-256 in the making.
type hash struct{ stdhash.Hash }

func newHash() hash { return hash{sha256.New()} }

func (h hash) text() string { return hex.EncodeToString(h.Sum(nil)) }

func hashReader(r io.Reader) (string, error) {
	sum := newHash()
	if _, err := io.Copy(sum, r); err != nil {
		return "", err
	}
	return sum.text(), nil
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return hashReader(f)
}
