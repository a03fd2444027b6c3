package fake

import (
	"sync"
	"time"
)

// keyedMutex is a mutex for each key that is in use.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*countedMutex
}

type countedMutex struct {
	sync.Mutex
	users int
}

// lock locks a key and gives the function that unlocks it.
func (k *keyedMutex) lock(key string) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = map[string]*countedMutex{}
	}
	lock := k.locks[key]
	if lock == nil {
		lock = &countedMutex{}
		k.locks[key] = lock
	}
	lock.users++
	k.mu.Unlock()

	lock.Lock()
	return func() {
		lock.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if lock.users--; lock.users == 0 {
			delete(k.locks, key)
		}
	}
}

// sweeper says when it is time to look for expired uploads again.
type sweeper struct {
	mu   sync.Mutex
	next time.Time
}

func (s *sweeper) due(now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.next) {
		return false
	}
	s.next = now.Add(every)
	return true
}
