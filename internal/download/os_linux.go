package download

import (
	"errors"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// bootID returns a name for the time since the machine was started, "" if it has none.
var bootID = sync.OnceValue(func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
})

// allocate gives a file its size. It fails if the disk has no room for it, so that this is
// known before anything travels, as far as the file system can tell.
func allocate(f *os.File, size int64) error {
	if where := (unix.Statfs_t{}); unix.Fstatfs(int(f.Fd()), &where) == nil && where.Type == unix.TMPFS_MAGIC {
		return allocateInMemory(f, size, where)
	}
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	for errors.Is(err, unix.EINTR) {
		err = unix.Fallocate(int(f.Fd()), 0, 0, size)
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG) {
		return &os.PathError{Op: "allocate", Path: f.Name(), Err: err}
	}
	return f.Truncate(size)
}

// allocateInMemory gives a file in memory its size. It looks at how much room there is and
// takes none, because that would take as long as to write the file. A file system without a
// limit has no blocks.
func allocateInMemory(f *os.File, size int64, where unix.Statfs_t) error {
	if room := where.Bavail * uint64(where.Bsize); where.Blocks > 0 && uint64(size) > room {
		return &os.PathError{Op: "allocate", Path: f.Name(), Err: unix.ENOSPC}
	}
	return f.Truncate(size)
}
