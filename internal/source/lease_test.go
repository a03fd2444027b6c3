package source

import (
	"testing"
	"testing/synctest"
)

func TestSpareBytesMakeRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10)
		lend := func(n int64) *lease {
			buffer, err := b.get(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			return &lease{budget: b, buffer: buffer}
		}
		first := lend(8)
		first.makeSpare()
		if !first.retake() {
			t.Fatal("bytes that nobody needed the room of are gone")
		}
		first.makeSpare()
		second := lend(5)
		if first.retake() {
			t.Error("the room was given to another and the bytes are said to be there")
		}
		first.release() // and not twice

		waiting := make(chan *lease)
		go func() { waiting <- lend(10) }()
		synctest.Wait()
		second.makeSpare() // somebody waits already
		third := <-waiting
		if second.retake() {
			t.Error("the room was given to a waiting one and the bytes are said to be there")
		}
		third.release()
		if !b.available.TryAcquire(10) {
			t.Error("room was lost")
		}
	})
}
