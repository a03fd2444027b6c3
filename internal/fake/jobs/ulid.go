package jobs

import (
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"
)

// ids makes the ids of jobs: 26 digits and capital letters that sort by time, as
// those of the service do.
type ids struct {
	mu     sync.Mutex
	millis uint64
	random [10]byte
}

// crockford are the digits of base 32 without those that look like others.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func (s *ids) next(at time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if millis := uint64(at.UnixMilli()); millis > s.millis {
		s.millis = millis
		_, _ = rand.Read(s.random[:]) // never fails
		s.random[0] &= 0x7f           // leaves room to count
	} else { // of the same millisecond: the one after the last
		for i := len(s.random) - 1; i >= 0; i-- {
			if s.random[i]++; s.random[i] != 0 {
				break
			}
		}
	}
	var bits [16]byte
	binary.BigEndian.PutUint64(bits[:8], s.millis<<16)
	copy(bits[6:], s.random[:])
	high, low := binary.BigEndian.Uint64(bits[:8]), binary.BigEndian.Uint64(bits[8:])
	var text [26]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = crockford[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(text[:])
}
