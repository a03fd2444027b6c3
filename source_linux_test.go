package bytescale

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// Some files are not what File can upload: a pipe, which is not even opened, since
// that waits for a writer, and what tells no size, which would be stored empty.
func TestFilesThatAreNone(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/proc/self/status", t.TempDir()} {
		c, m := newMemoryClient(1000, 2, 8)
		var refused *ArgumentError
		if _, err := c.Upload(t.Context(), File(path)); !errors.As(err, &refused) || m.calls[opBegin] > 0 {
			t.Errorf("%s: %v, want it to be refused", path, err)
		}
	}
}
