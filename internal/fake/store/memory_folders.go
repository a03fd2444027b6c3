package store

import (
	"encoding/json"

	"github.com/tidwall/btree"
)

// memoryIndex is the index of folders of a [Memory].
type memoryIndex struct{ btree.Map[string, kind] }

func (i *memoryIndex) kind(key string) kind {
	k, _ := i.Get(key)
	return k
}

func (i *memoryIndex) setKind(key string, k kind) error {
	if k == 0 {
		i.Delete(key)
	} else {
		i.Set(key, k)
	}
	return nil
}

func (i *memoryIndex) cursor() cursor { return newMemoryCursor(&i.Map) }

// memoryCursor is a cursor over a map.
type memoryCursor[V any] struct{ btree.MapIter[string, V] }

func newMemoryCursor[V any](m *btree.Map[string, V]) *memoryCursor[V] {
	return &memoryCursor[V]{m.Iter()}
}

func (c *memoryCursor[V]) seek(key string) bool { return c.Seek(key) }
func (c *memoryCursor[V]) last() bool           { return c.Last() }
func (c *memoryCursor[V]) next() bool           { return c.Next() }
func (c *memoryCursor[V]) prev() bool           { return c.Prev() }
func (c *memoryCursor[V]) key() string          { return c.Key() }

// made reports which folders of an account were made.
func (m *Memory) made(accountID string) func(string) bool {
	return func(path string) bool {
		_, ok := m.folders.Get(pathKey(accountID, path))
		return ok
	}
}

// PutFolder implements [Store].
func (m *Memory) PutFolder(accountID, path string, change func(json.RawMessage) json.RawMessage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.checkRoom(); err != nil {
		return err
	}
	folder, _ := m.folders.Get(pathKey(accountID, path))
	m.makeFolder(Folder{AccountID: accountID, Path: path, Settings: change(folder.Settings)})
	return nil
}

// makeFolder makes a folder and those above it.
func (m *Memory) makeFolder(folder Folder) {
	accountID, path := folder.AccountID, folder.Path
	m.folders.Set(pathKey(accountID, path), folder)
	for above := Parent(path); above != ""; above = Parent(above) {
		if !m.made(accountID)(above) {
			m.folders.Set(pathKey(accountID, above), Folder{AccountID: accountID, Path: above})
		}
	}
	_ = addToIndex(&m.children, accountID, path, isFolder) // memory does not fail
}

// Folders implements [Store].
func (m *Memory) Folders(accountID, path string) (made []Folder, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.folders.Len() == 0 {
		return nil, nil
	}
	for ; path != ""; path = Parent(path) {
		if folder, ok := m.folders.Get(pathKey(accountID, path)); ok {
			made = append(made, folder)
		}
	}
	return made, nil
}

// List implements [Store].
func (m *Memory) List(listing Listing) ([]Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	positions := listing.positions(&m.children, newMemoryCursor(&m.files), newMemoryCursor(&m.folders))
	entries := make([]Entry, len(positions))
	for i, position := range positions {
		entries[i].Position = position
		if !position.Folder {
			file, _ := m.file(listing.AccountID, position.Path)
			entries[i].File = file.File
		} else if folder, ok := m.folders.Get(pathKey(listing.AccountID, position.Path)); ok {
			entries[i].Made = &folder
		}
	}
	return entries, nil
}
