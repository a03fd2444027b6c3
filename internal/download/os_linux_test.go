package download

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that has no room is refused before it grows, on a disk and in memory. In memory a
// file that has room gets its size, and its pages when they are written.
func TestAllocate(t *testing.T) {
	memory, err := os.MkdirTemp("/dev/shm", "allocate-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(memory) })
	var where unix.Statfs_t
	if err := unix.Statfs(memory, &where); err != nil {
		t.Fatal(err)
	}
	if where.Type != unix.TMPFS_MAGIC || where.Blocks == 0 {
		t.Fatal("/dev/shm is no tmpfs with a limit")
	}
	f, err := os.Create(filepath.Join(memory, "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tooMuch := int64((where.Blocks + 1) * uint64(where.Bsize))
	if err := allocate(f, tooMuch); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%d bytes, which is more than there can be, in memory: %v", tooMuch, err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("the file has grown to %d bytes, %v", info.Size(), err)
	}
	if err := allocate(f, 1<<20); err != nil {
		t.Error(err)
	}
	var is unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &is); err != nil || is.Size != 1<<20 || is.Blocks != 0 {
		t.Errorf("the file has %d bytes in %d blocks, %v, want %d bytes and none", is.Size, is.Blocks, err, 1<<20)
	}

	onDisk, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer onDisk.Close()
	var full *os.PathError
	if err := allocate(onDisk, 1<<60); !errors.As(err, &full) {
		t.Errorf("2^60 bytes on a disk: %v", err)
	}
}
