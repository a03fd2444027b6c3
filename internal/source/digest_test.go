package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// reached is an io.ReaderAt that knows how far it was read.
type reached struct {
	*bytes.Reader
	end atomic.Int64
}

func (r *reached) ReadAt(p []byte, at int64) (int, error) {
	n, err := r.Reader.ReadAt(p, at)
	r.end.Store(max(r.end.Load(), at+int64(n)))
	return n, err
}

// What no part has read yet is not read ahead of it: the file may be larger than the cache.
func TestDigestStaysBehindTheParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := bytes.Repeat([]byte("0123456789"), 100_000)
		r := &reached{Reader: bytes.NewReader(content)}
		in, err := OpenReaderAt(r, int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		r.end.Store(0) // opening it has looked for its end
		digest := in.Digest(t.Context())
		defer digest.Stop()
		most := int64(0)
		for _, allowed := range []int64{0, 10, 500_000, 400_000} {
			digest.Advance(allowed)
			synctest.Wait()
			most = max(most, allowed)
			if at := r.end.Load(); at != most {
				t.Errorf("read to %d, allowed were %d", at, most)
			}
		}
		if err := in.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(content)
		if got, err := digest.Sum(t.Context()); got != hex.EncodeToString(want[:]) || err != nil {
			t.Errorf("%s, %v", got, err)
		}
	})
}
