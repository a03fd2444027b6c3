package tree

import (
	"encoding/binary"
	"errors"
)

// appendEntry appends all of an entry but its path.
func appendEntry(b []byte, e Entry) ([]byte, error) {
	b = binary.AppendVarint(b, e.Size)
	b, err := e.ModTime.UTC().AppendBinary(b)
	if err != nil {
		return nil, err
	}
	skip := e.Skip
	if skip == nil {
		skip = &SkipError{}
	}
	for _, text := range []string{e.ETag, string(skip.Reason), skip.Detail, skip.Other} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	return b, nil
}

const timeSize = 15 // of the binary form of a time in UTC

var errEntry = errors.New("sort on disk: malformed entry")

// parseEntry reads what appendEntry wrote.
func parseEntry(path string, b []byte) (Entry, error) {
	e := Entry{Path: path}
	size, n := binary.Varint(b)
	if n <= 0 || len(b) < n+timeSize {
		return Entry{}, errEntry
	}
	e.Size = size
	b = b[n:]
	if err := e.ModTime.UnmarshalBinary(b[:timeSize]); err != nil {
		return Entry{}, errEntry
	}
	b = b[timeSize:]
	var texts [4]string
	for i := range texts {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return Entry{}, errEntry
		}
		texts[i] = string(b[n:][:length])
		b = b[n:][length:]
	}
	e.ETag = texts[0]
	if texts[1] != "" {
		e.Skip = &SkipError{Path: path, Reason: Reason(texts[1]), Detail: texts[2], Other: texts[3]}
	}
	return e, nil
}
