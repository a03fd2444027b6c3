package contract

import (
	"container/list"
	"crypto/sha256"
	"encoding/json"
	"sync"
)

// maxLearned limits how many part URLs a transport remembers. A client fetches a URL shortly before it
// uses it, so this is enough for thousands of uploads at once. It takes about 2 MB.
const maxLearned = 16384

// learned remembers the pre-signed part URLs seen most recently. It keeps hashes, because a URL is a
// credential.
type learned struct {
	mu      sync.Mutex
	entries map[[sha256.Size]byte]*list.Element
	order   list.List // most recent first
}

type partURL struct {
	hash   [sha256.Size]byte
	length int64
}

func (l *learned) add(url string, length int64) {
	hash := sha256.Sum256([]byte(url))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[[sha256.Size]byte]*list.Element{}
	}
	if e := l.entries[hash]; e != nil {
		e.Value = partURL{hash, length}
		l.order.MoveToFront(e)
		return
	}
	l.entries[hash] = l.order.PushFront(partURL{hash, length})
	if l.order.Len() > maxLearned {
		oldest := l.order.Back()
		delete(l.entries, l.order.Remove(oldest).(partURL).hash)
	}
}

// length returns the length of the part that the URL is for.
func (l *learned) length(url string) (int64, bool) {
	hash := sha256.Sum256([]byte(url))
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[hash]
	if e == nil {
		return 0, false
	}
	l.order.MoveToFront(e)
	return e.Value.(partURL).length, true
}

// learn adds the parts in the answer to a begin or part call: every object that has an uploadUrl and a
// range.
func (l *learned) learn(value any) {
	object, ok := value.(map[string]any)
	if !ok {
		return
	}
	url, isPart := object["uploadUrl"].(string)
	if span, ok := object["range"].(map[string]any); ok && isPart {
		start, startOK := integer(span["inclusiveStart"])
		end, endOK := integer(span["inclusiveEnd"])
		if startOK && endOK {
			l.add(url, end-start+1)
		}
		return
	}
	for _, member := range object {
		l.learn(member)
	}
}

func integer(value any) (int64, bool) {
	number, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := number.Int64()
	return n, err == nil
}
