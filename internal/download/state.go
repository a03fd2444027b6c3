package download

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/c88edac7/bytescale-go/internal/osfile"
)

const (
	// stateFormat is the version of the format of state files.
	stateFormat = 1
	// A state file has two places, which are written in turn, so that one is whole at any
	// moment. A place is long enough for all parts of the most connections.
	placeSize = 32 << 10
	// The state is written after so many bytes or so much time, whatever comes first. That
	// is how much travels again if the process is killed.
	noteBytes    = 1 << 20
	noteInterval = 100 * time.Millisecond
	// syncInterval is how often the bytes are brought to the disk, for a failure of the
	// machine. The note of it is there one interval later.
	syncInterval = 15 * time.Second
)

// record is the content of a state file.
type record struct {
	Format  int        `json:"format"`
	Count   uint64     `json:"count"` // of the records before
	File    string     `json:"file"`  // a hash of the URL
	ETag    string     `json:"etag"`
	Size    int64      `json:"size"`
	Missing [][2]int64 `json:"missing"`
	// Boot is the boot of the machine in which Missing is true. After a crash of the
	// machine, what the disk has is not known, and Durable is what was missing when the
	// bytes were last brought to it; null if they never were.
	Boot    string     `json:"boot"`
	Durable [][2]int64 `json:"durable"`
}

// state is the open state file of a part file.
type state struct {
	root    *os.Root
	name    string
	file    *os.File
	version version

	mu      sync.Mutex
	record  record
	unnoted int64
	noted   time.Time
	missing func() []span // returns what is missing; nil if nothing was written
	failed  bool          // it could not be written, and is not written any more
}

// names returns the names of the part file and of the state file of a download.
func (d *destination) names(f File) (part, state string) {
	sum := sha256.Sum256([]byte(f.URL + "\x00" + d.Name))
	stem := ".bytescale-" + hex.EncodeToString(sum[:8])
	return stem + ".part", stem + ".state"
}

var unfinishedName = regexp.MustCompile(`^(?i)\.bytescale-([0-9]+|[0-9a-f]{16}\.(part|state))$`)

// IsUnfinishedName reports whether a file name is one of those that downloads use until the
// file is whole. Upper case counts as lower case, as it does for the disks of some systems.
func IsUnfinishedName(name string) bool { return unfinishedName.MatchString(name) }

func fileID(f File) string {
	sum := sha256.Sum256([]byte(f.URL))
	return hex.EncodeToString(sum[:])
}

// isPrivate reports whether nobody else can put files into the directory.
func (d *destination) isPrivate() bool {
	info, err := d.Dir.Stat(".")
	return err == nil && osfile.IsPrivate(info)
}

// unfinished returns what an earlier download of the file has left, and which bytes are
// missing. It returns nil if there is nothing, or nothing that can be believed.
func (d *destination) unfinished(f File) (*output, []span) {
	if !d.isPrivate() {
		return nil, nil
	}
	partName, stateName := d.names(f)
	file, err := d.openOwn(stateName)
	if err != nil {
		return nil, nil
	}
	s := &state{root: d.Dir, name: stateName, file: file}
	missing, err := s.read(f)
	if err == nil {
		var part *os.File
		if part, err = d.openPart(partName, s.version.size); err == nil {
			return &output{NewFile: osfile.Adopt(d.Dir, part, partName), state: s}, missing
		}
	}
	file.Close()
	return nil, nil
}

var errUnusable = errors.New("the part file cannot be used")

// read reads what an earlier download of the file has noted.
func (s *state) read(f File) (missing []span, err error) {
	r, err := newestRecord(s.file)
	if err != nil {
		return nil, err
	}
	missing = spansOf(r.Missing)
	if boot := bootID(); boot == "" || boot != r.Boot {
		missing = spansOf(r.Durable)
	}
	switch {
	case r.File != fileID(f), !isStrong(r.ETag), r.Size < 1, missing == nil, !areMissing(missing, r.Size):
		return nil, errUnusable
	case len(missing) == 0:
		// All is there but for its name. The last byte shows whether it is the file still.
		missing = []span{{r.Size - 1, r.Size}}
	}
	s.version, s.record = version{r.ETag, r.Size}, r
	s.record.Boot = bootID()
	return missing, nil
}

// openPart opens the part file of a state whose lock is held.
func (d *destination) openPart(name string, size int64) (*os.File, error) {
	f, info, err := d.open(name)
	if err != nil {
		return nil, err
	}
	if info.Size() != size {
		f.Close()
		return nil, errUnusable
	}
	return f, nil
}

// open opens a file of this user that nobody else can have written. It follows no link.
func (d *destination) open(name string) (*os.File, fs.FileInfo, error) {
	found, err := d.Dir.Lstat(name)
	if err != nil {
		return nil, nil, err
	}
	if !osfile.IsOwn(found) {
		return nil, nil, errUnusable
	}
	f, err := d.Dir.OpenFile(name, os.O_RDWR|osfile.Nonblock, 0)
	if err != nil {
		return nil, nil, err
	}
	is, err := f.Stat()
	if err == nil && os.SameFile(is, found) {
		return f, is, nil
	}
	f.Close()
	return nil, nil, cmp.Or(err, errUnusable)
}

// openOwn opens a file as open does and takes its lock. Whoever has the lock of the state
// file has the part file.
func (d *destination) openOwn(name string) (*os.File, error) {
	f, is, err := d.open(name)
	if err != nil {
		return nil, err
	}
	if err := d.lock(f, is, name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lock takes the lock of an open file, unless somebody has it, or removed the file before he
// gave the lock up.
func (d *destination) lock(f *os.File, is fs.FileInfo, name string) error {
	locked, err := osfile.Lock(f)
	if err != nil || !locked {
		return cmp.Or(err, errUnusable)
	}
	if now, err := d.Dir.Lstat(name); err != nil || !os.SameFile(is, now) {
		return errUnusable
	}
	return nil
}

// newPart returns a part file that another process can continue, or one that none can if
// another one is at work on the same download.
func (d *destination) newPart(f File, v version) (*output, error) {
	if !d.isPrivate() {
		return nil, errNotPrivate
	}
	partName, stateName := d.names(f)
	file, err := d.createState(stateName)
	if errors.Is(err, fs.ErrExist) {
		return d.newOutput()
	}
	if err != nil {
		return nil, err
	}
	s := &state{root: d.Dir, name: stateName, file: file, version: v, record: record{
		Format: stateFormat, File: fileID(f), ETag: v.etag, Size: v.size, Boot: bootID(),
	}}
	if left, _, err := d.open(partName); err == nil {
		_ = d.Dir.Remove(partName)
		left.Close()
	}
	part, err := d.Dir.OpenFile(partName, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		s.remove()
		if errors.Is(err, fs.ErrExist) {
			return d.newOutput()
		}
		return nil, err
	}
	out := &output{NewFile: osfile.Adopt(d.Dir, part, partName), state: s}
	if err := allocate(part, v.size); err != nil {
		out.drop()
		return nil, err
	}
	return out, nil
}

// createState creates a file for nobody but this user and takes its lock. It replaces one
// that is of no use, and fails with fs.ErrExist if another process is at work on it.
func (d *destination) createState(name string) (*os.File, error) {
	if left, err := d.openOwn(name); err == nil {
		err = d.Dir.Remove(name)
		left.Close()
		if err != nil {
			return nil, err
		}
	}
	f, err := d.Dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	// Another process may take the file for one that is of no use, until it is locked.
	is, err := f.Stat()
	if err == nil {
		err = d.lock(f, is, name)
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, errUnusable) {
		err = fs.ErrExist
	}
	return nil, err
}

// note is called after n bytes were written. It writes the state if it is time.
func (s *state) note(n int64, missing func() []span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missing = missing
	s.unnoted += n
	if s.unnoted < noteBytes && time.Since(s.noted) < noteInterval {
		return
	}
	s.write()
}

// flush writes the state when no part is under way any more.
func (s *state) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missing != nil {
		s.write()
	}
}

// write writes the record. A state that cannot be written ends in a download that another
// process starts over, and not in one that fails. The caller holds mu.
func (s *state) write() {
	s.unnoted, s.noted = 0, time.Now()
	if s.failed {
		return
	}
	s.record.Count++
	s.record.Missing = pairsOf(s.missing())
	text, err := encode(s.record)
	if err == nil && len(text) <= placeSize {
		_, err = s.file.WriteAt(text, int64(s.record.Count%2)*placeSize)
	}
	s.failed = err != nil
}

// keepsDurable brings the bytes to the disk from time to time, until stop is called.
func (out *output) keepsDurable(ctx context.Context) (stop func()) {
	if out.state == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(syncInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				out.sync()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// sync brings to the disk what the state says is there.
func (out *output) sync() {
	s := out.state
	_ = s.file.Sync()
	s.mu.Lock()
	missing := s.record.Missing
	s.mu.Unlock()
	if missing == nil || out.Sync() != nil {
		return
	}
	s.mu.Lock()
	s.record.Durable = missing // the next note writes it
	s.mu.Unlock()
}

// remove removes the file before it gives up the lock.
func (s *state) remove() {
	_ = s.root.Remove(s.name)
	s.file.Close()
}

// encode returns a record as a line: a checksum, and JSON.
func encode(r record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(text)), 16)
	return append(append([]byte(sum+" "), text...), '\n'), nil
}

// newestRecord returns the newest record of a state file that is whole.
func newestRecord(file io.ReaderAt) (newest record, err error) {
	err = errUnusable
	for place := range int64(2) {
		text := make([]byte, placeSize)
		n, _ := file.ReadAt(text, place*placeSize)
		if r, ok := decode(text[:n]); ok && (err != nil || r.Count > newest.Count) {
			newest, err = r, nil
		}
	}
	return newest, err
}

func decode(text []byte) (r record, ok bool) {
	line, _, ended := bytes.Cut(text, []byte("\n"))
	sum, text, _ := bytes.Cut(line, []byte(" "))
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if !ended || err != nil || crc32.ChecksumIEEE(text) != uint32(want) {
		return record{}, false
	}
	err = json.Unmarshal(text, &r)
	return r, err == nil && r.Format == stateFormat
}

func pairsOf(spans []span) [][2]int64 {
	pairs := make([][2]int64, len(spans))
	for i, s := range spans {
		pairs[i] = [2]int64{s.start, s.end}
	}
	return pairs
}

// spansOf returns nil for nil.
func spansOf(pairs [][2]int64) []span {
	if pairs == nil {
		return nil
	}
	spans := make([]span, len(pairs))
	for i, p := range pairs {
		spans[i] = span{p[0], p[1]}
	}
	return spans
}
