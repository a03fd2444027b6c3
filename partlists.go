package bytescale

import (
	"context"
	"sync"
)

// partLists makes one ListUploadParts of an upload at a time. Whoever asks while one is
// under way shares the next one, which begins after the question, so that no answer is
// older than its question.
type partLists struct {
	mu      sync.Mutex
	uploads map[string]*partList // by upload id; those that somebody asks about
}

// partList is the list of one upload.
type partList struct {
	askers int
	turn   chan struct{} // holds a token while a call is under way
	next   *listCall     // the call that has not begun; nil for none
}

// listCall is one call and its answer, which is not changed any more once done is
// closed.
type listCall struct {
	done  chan struct{}
	parts []int64
	err   error
}

// ask returns what call returns, or what it has returned to somebody else since ask was
// called.
func (l *partLists) ask(ctx context.Context, uploadID string, call func(context.Context, string) ([]int64, error)) ([]int64, error) {
	list, shared := l.join(uploadID)
	defer l.leave(uploadID, list)
	select {
	case list.turn <- struct{}{}:
		defer func() { <-list.turn }()
	case <-shared.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.begin(list, shared) {
		defer close(shared.done)
		shared.parts, shared.err = call(ctx, uploadID)
	}
	return shared.parts, shared.err
}

// join returns the list of an upload, and the next call.
func (l *partLists) join(uploadID string) (*partList, *listCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.uploads[uploadID]
	if list == nil {
		list = &partList{turn: make(chan struct{}, 1)}
		if l.uploads == nil {
			l.uploads = map[string]*partList{}
		}
		l.uploads[uploadID] = list
	}
	list.askers++
	if list.next == nil {
		list.next = &listCall{done: make(chan struct{})}
	}
	return list, list.next
}

// begin reports whether the caller is to make the call.
func (l *partLists) begin(list *partList, call *listCall) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if list.next != call {
		return false
	}
	list.next = nil
	return true
}

func (l *partLists) leave(uploadID string, list *partList) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list.askers--
	if list.askers == 0 {
		delete(l.uploads, uploadID)
	}
}
