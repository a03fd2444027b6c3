package bytescale

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/c88edac7/bytescale-go/internal/operation"
)

// Some files are not what File can upload: a pipe, which is not even opened, since
// that waits for a writer, and what tells no size, which would be stored empty.
func TestFileRefusesWhatIsNoRegularFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, "/proc/self/status", t.TempDir()} {
		c, m := newMemoryClient(1000, 2, 8)
		var refused *ArgumentError
		if _, err := c.Upload(t.Context(), File(path)); !errors.As(err, &refused) || m.calls[operation.BeginMultipartUpload] > 0 {
			t.Errorf("%s: %v, want it to be refused", path, err)
		}
	}
}

// A file that another process holds a lease on, as file servers do, is opened when
// that one has given it up.
func TestFileUnderLease(t *testing.T) {
	path := writeTemp(t, content(500))
	holder, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGIO)
	defer signal.Stop(asked)
	fd := holder.Fd()
	if _, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	released := make(chan error)
	go func() {
		<-asked
		_, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		released <- err
	}()
	c, m := newMemoryClient(1000, 2, 8)
	mustUpload(t, c, m, File(path), content(500))
	if err := <-released; err != nil {
		t.Error(err)
	}
}
