package store

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/btree"
)

// Memory is a [Store] in memory.
type Memory struct {
	mu       sync.Mutex
	uploads  map[string]*memoryUpload
	files    btree.Map[string, *memoryFile] // by pathKey
	folders  btree.Map[string, Folder]      // by pathKey
	children memoryIndex
	jobs     btree.Map[string, Job] // by account and id

	limits  Limits
	open    int   // uploads in progress
	used    int64 // bytes when they were counted last
	changes int   // additions since then
}

type memoryUpload struct {
	Upload
	parts map[int64]*memoryPart
}

type memoryPart struct {
	Part
	bytes []byte
}

// memoryFile does not change once it is in the map, so that readers need no lock.
type memoryFile struct {
	File
	content segments
	upload  string // the upload that it came from, "" if none
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{uploads: map[string]*memoryUpload{}}
}

// Limit sets the limits of the store. Call it before the store is used.
func (m *Memory) Limit(limits Limits) { m.limits = limits }

// Sizes that are counted for entries, beside their texts.
const (
	entrySize    = 1 << 10
	partSize     = 200
	recountEvery = 1000 // additions
)

// checkRoom returns an error if there is no room for anything more. The bytes are
// counted again now and then, instead of at every change.
func (m *Memory) checkRoom() error {
	if m.limits.Bytes == 0 {
		return nil
	}
	if m.changes++; m.changes >= recountEvery {
		m.used, m.changes = m.count(), 0
	}
	if m.used > m.limits.Bytes {
		return (&usage{limit: m.limits.Bytes}).full()
	}
	return nil
}

func (m *Memory) count() (bytes int64) {
	for _, upload := range m.uploads {
		bytes += sizeOf(&upload.File)
		for _, part := range upload.parts {
			bytes += partSize + int64(len(part.bytes))
		}
	}
	for _, file := range m.files.Values() {
		bytes += sizeOf(&file.File)
		if file.upload == "" { // otherwise they are those of the parts
			bytes += file.content.size()
		}
	}
	for _, folder := range m.folders.Values() {
		bytes += int64(entrySize + len(folder.Path) + len(folder.Settings))
	}
	for _, job := range m.jobs.Values() {
		bytes += int64(entrySize + len(job.Task) + len(job.Summary))
	}
	return bytes
}

// sizeOf returns about how much memory an entry takes.
func sizeOf(file *File) int64 {
	size := entrySize + len(file.Path) + len(file.MIME) + len(file.OriginalFileName) + len(file.Metadata)
	for _, tag := range file.Tags {
		size += len(tag)
	}
	return int64(size)
}

// CreateUpload implements [Store].
func (m *Memory) CreateUpload(upload Upload) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.checkRoom(); err != nil {
		return err
	}
	if m.limits.Uploads > 0 && m.open >= m.limits.Uploads {
		return ErrTooManyUploads
	}
	m.open++
	m.uploads[upload.ID] = &memoryUpload{Upload: upload, parts: map[int64]*memoryPart{}}
	return nil
}

// Upload implements [Store].
func (m *Memory) Upload(id string) (Upload, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	upload, ok := m.uploads[id]
	if !ok {
		return Upload{}, ErrNotStored
	}
	return upload.Upload, nil
}

// DeleteUpload implements [Store].
func (m *Memory) DeleteUpload(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if upload := m.uploads[id]; upload != nil {
		m.drop(upload)
	}
	return nil
}

// OpenUploads implements [Store].
func (m *Memory) OpenUploads() (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open, nil
}

func (m *Memory) drop(upload *memoryUpload) {
	if !upload.Done {
		m.open--
	}
	delete(m.uploads, upload.ID)
}

// ExpireUploads implements [Store].
func (m *Memory) ExpireUploads(before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, upload := range m.uploads {
		if upload.Created.Before(before) {
			m.drop(upload)
		}
	}
	return nil
}

// Receive implements [Store].
func (m *Memory) Receive(size int64) (Receiver, error) {
	// The size is only a promise, so memory is allocated as the bytes arrive.
	return &memoryReceiver{bytes: make([]byte, 0, min(max(size, 0), 1<<20))}, nil
}

type memoryReceiver struct{ bytes []byte }

func (r *memoryReceiver) Write(p []byte) (int, error) {
	r.bytes = append(r.bytes, p...)
	return len(p), nil
}

func (r *memoryReceiver) Abandon() { r.bytes = nil }

func receivedBytes(received Receiver) []byte {
	if r, ok := received.(*memoryReceiver); ok {
		return r.bytes
	}
	return nil
}

// KeepPart implements [Store].
func (m *Memory) KeepPart(uploadID string, part Part, received Receiver) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.checkRoom(); err != nil {
		return err
	}
	upload, ok := m.uploads[uploadID]
	if !ok {
		return ErrNotStored
	}
	if earlier := upload.parts[part.Index]; earlier != nil && earlier.Completed {
		part.Completed = earlier.ETag == part.ETag
		if !part.Completed {
			upload.Completed--
		}
	}
	upload.parts[part.Index] = &memoryPart{Part: part, bytes: receivedBytes(received)}
	return nil
}

// Part implements [Store].
func (m *Memory) Part(uploadID string, index int64) (Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if upload, ok := m.uploads[uploadID]; ok {
		if part := upload.parts[index]; part != nil {
			return part.Part, nil
		}
	}
	return Part{}, ErrNotStored
}

// Parts implements [Store].
func (m *Memory) Parts(uploadID string) ([]Part, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	upload, ok := m.uploads[uploadID]
	if !ok {
		return nil, ErrNotStored
	}
	parts := make([]Part, 0, len(upload.parts))
	for _, part := range upload.sorted() {
		parts = append(parts, part.Part)
	}
	return parts, nil
}

func (u *memoryUpload) sorted() []*memoryPart {
	return slices.SortedFunc(maps.Values(u.parts), func(a, b *memoryPart) int {
		return cmp.Compare(a.Index, b.Index)
	})
}

// CompletePart implements [Store].
func (m *Memory) CompletePart(uploadID string, index int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	upload, ok := m.uploads[uploadID]
	if !ok || upload.parts[index] == nil {
		return ErrNotStored
	}
	if part := upload.parts[index]; !part.Completed {
		part.Completed = true
		upload.Completed++
	}
	return nil
}

// Publish implements [Store].
func (m *Memory) Publish(uploadID string, file File, overwrite bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	upload, ok := m.uploads[uploadID]
	if !ok {
		return ErrNotStored
	}
	if earlier, ok := m.file(file.AccountID, file.Path); ok && !overwrite && earlier.upload != uploadID {
		return ErrTaken
	}
	var content segments
	for _, part := range upload.sorted() {
		part.Completed = true
		content = content.add(part.bytes)
	}
	m.putFile(&memoryFile{File: file, content: content, upload: uploadID})
	if !upload.Done {
		m.open--
	}
	upload.Done, upload.File, upload.Completed = true, file, upload.Parts
	return nil
}

// AddFile implements [Store].
func (m *Memory) AddFile(file File, received Receiver, overwrite bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.checkRoom(); err != nil {
		return err
	}
	if _, ok := m.file(file.AccountID, file.Path); ok && !overwrite {
		return ErrTaken
	}
	m.putFile(&memoryFile{File: file, content: segments(nil).add(receivedBytes(received))})
	return nil
}

func (m *Memory) file(accountID, path string) (*memoryFile, bool) {
	return m.files.Get(pathKey(accountID, path))
}

func (m *Memory) putFile(file *memoryFile) {
	m.files.Set(pathKey(file.AccountID, file.Path), file)
	_ = addToIndex(&m.children, file.AccountID, file.Path, isFile) // memory does not fail
}

// removeFile reports whether the file was there.
func (m *Memory) removeFile(accountID, path string) bool {
	if _, ok := m.files.Delete(pathKey(accountID, path)); !ok {
		return false
	}
	_ = removeFromIndex(&m.children, accountID, path, isFile, m.made(accountID)) // memory does not fail
	return true
}

// File implements [Store].
func (m *Memory) File(accountID, path string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	file, ok := m.file(accountID, path)
	if !ok {
		return File{}, ErrNotStored
	}
	return file.File, nil
}

// Files implements [Store].
func (m *Memory) Files() ([]File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := make([]File, 0, m.files.Len())
	for _, file := range m.files.Values() {
		files = append(files, file.File)
	}
	return files, nil
}

// DeleteFile implements [Store].
func (m *Memory) DeleteFile(accountID, path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.removeFile(accountID, path) {
		return ErrNotStored
	}
	return nil
}

// Open implements [Store].
func (m *Memory) Open(accountID, path string) (File, Content, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	file, ok := m.file(accountID, path)
	if !ok {
		return File{}, nil, ErrNotStored
	}
	if file.content.size() != file.Size {
		return file.File, nil, nil // the bytes were discarded
	}
	return file.File, file.content, nil
}

// Close implements [Store].
func (m *Memory) Close() error { return nil }

// segments are pieces of memory that are read as one.
type segments []segment

type segment struct {
	end   int64 // offset of the first byte after this piece
	bytes []byte
}

func (s segments) add(bytes []byte) segments {
	if len(bytes) == 0 {
		return s
	}
	return append(s, segment{end: s.size() + int64(len(bytes)), bytes: bytes})
}

func (s segments) size() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].end
}

// ReadAt implements [io.ReaderAt].
func (s segments) ReadAt(p []byte, offset int64) (int, error) {
	first, _ := slices.BinarySearchFunc(s, offset, func(piece segment, offset int64) int {
		if piece.end <= offset {
			return -1
		}
		return 1
	})
	n := 0
	for _, piece := range s[first:] {
		if n == len(p) {
			return n, nil
		}
		start := piece.end - int64(len(piece.bytes))
		n += copy(p[n:], piece.bytes[offset+int64(n)-start:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Close implements [io.Closer].
func (s segments) Close() error { return nil }
