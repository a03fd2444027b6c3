package store

import (
	"encoding/binary"
	"iter"
	"strings"
)

// The index of folders has an entry for each file, and for each folder that was
// made or has something below it. Its keys sort by account, parent folder and
// path, so that what is directly in a folder stands together and a page of it is
// found without looking at the rest.

// kind is what is at a path: a file, a folder, or both.
type kind byte

const (
	isFile kind = 1 << iota
	isFolder
)

// sortedKeys is a set of keys, each with a kind, in ascending order.
type sortedKeys interface {
	kind(key string) kind             // 0 if the key is not there
	setKind(key string, k kind) error // 0 removes the key
	cursor() cursor
}

// cursor moves over sorted keys. All methods report whether it is at a key then.
type cursor interface {
	seek(key string) bool // the first key that is not less
	last() bool
	next() bool
	prev() bool
	key() string
}

// pathKey sorts by account and path. An account id has no zero byte.
func pathKey(accountID, path string) string { return accountID + "\x00" + path }

// childPrefix begins the keys of what is directly in a folder. The length keeps
// the folder's path apart from that of a child.
func childPrefix(accountID, folder string) string {
	key := make([]byte, 0, len(accountID)+3+len(folder))
	key = append(append(key, accountID...), 0)
	key = binary.BigEndian.AppendUint16(key, uint16(len(folder))) // paths have at most 512 characters
	return string(append(key, folder...))
}

func childKey(accountID, path string) string {
	return childPrefix(accountID, Parent(path)) + path
}

// Parent returns the folder that a path is directly in, and "" for the root.
func Parent(path string) string {
	switch i := strings.LastIndexByte(path, '/'); {
	case path == "/":
		return ""
	case i <= 0:
		return "/"
	default:
		return path[:i]
	}
}

// Below returns what the paths begin with of everything below a folder.
func Below(folder string) string {
	if folder == "/" {
		return "/"
	}
	return folder + "/"
}

// addToIndex notes what is at a path, and the folders above it.
func addToIndex(index sortedKeys, accountID, path string, k kind) error {
	for Parent(path) != "" {
		key := childKey(accountID, path)
		known := index.kind(key)
		if known&k != 0 {
			return nil // the folders above are there as well
		}
		if err := index.setKind(key, known|k); err != nil {
			return err
		}
		path, k = Parent(path), isFolder
	}
	return nil
}

// removeFromIndex takes back what addToIndex noted, and the folders above as far
// as nothing is in them and they were not made.
func removeFromIndex(index sortedKeys, accountID, path string, k kind, made func(folder string) bool) error {
	for Parent(path) != "" {
		if k == isFolder && (made(path) || hasChildren(index, accountID, path)) {
			return nil
		}
		key := childKey(accountID, path)
		if err := index.setKind(key, index.kind(key)&^k); err != nil {
			return err
		}
		path, k = Parent(path), isFolder
	}
	return nil
}

func hasChildren(index sortedKeys, accountID, folder string) bool {
	for range scan(index.cursor(), childPrefix(accountID, folder), "", false) {
		return true
	}
	return false
}

// scan yields the keys with a prefix without that prefix, from one on that is at
// or after rest, or in descending order at or before it.
func scan(c cursor, prefix, rest string, descending bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		var at bool
		move := c.next
		switch {
		case !descending:
			at = c.seek(prefix + rest)
		default:
			move = c.prev
			at = seekBack(c, prefix, rest)
		}
		for ; at; at = move() {
			key, ok := strings.CutPrefix(c.key(), prefix)
			if !ok || !yield(key) {
				return
			}
		}
	}
}

// seekBack goes to the last key with a prefix that is not greater than prefix and
// rest together, or to the last key with the prefix if rest is empty.
func seekBack(c cursor, prefix, rest string) bool {
	limit := prefix + rest
	if rest == "" {
		limit = afterPrefix(prefix)
	}
	if !c.seek(limit) {
		return c.last()
	}
	return rest != "" && c.key() == limit || c.prev()
}

// afterPrefix returns the least string that is greater than all that begin with
// the prefix. It must hold a byte that is not 0xff; the zero byte after the
// account is one.
func afterPrefix(prefix string) string {
	for prefix[len(prefix)-1] == 0xff {
		prefix = prefix[:len(prefix)-1]
	}
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}
