package source

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Only the very types of the standard library are read in place, and only if their size is
// the announced one.
func TestReadersInPlace(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file := func() *os.File {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	pipe, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	end.WriteString(text)
	end.Close()

	for _, test := range []struct {
		name    string
		r       io.Reader
		size    int64
		inPlace bool
	}{
		{"a file", file(), 10, true},
		{"a file that is longer", file(), 9, false},
		{"a file that is shorter", file(), 11, false},
		{"a pipe", pipe, 10, false},
		{"a type around a file", struct{ *os.File }{file()}, 10, false},
		{"bytes", bytes.NewReader([]byte(text)), 10, true},
		{"a string", strings.NewReader(text), 10, true},
		{"a section", io.NewSectionReader(strings.NewReader("__"+text+"__"), 2, 10), 10, true},
	} {
		if seeker, ok := test.r.(io.Seeker); ok && test.inPlace {
			if _, err := seeker.Seek(4, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			test.size -= 4
		}
		b := NewBudget(1 << 20)
		in, err := OpenReader(test.r, test.size, nil, b)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if got := in.Stream == nil; got != test.inPlace {
			t.Errorf("%s: read in place %v, want %v", test.name, got, test.inPlace)
		}
		if test.inPlace {
			chunk, got := in.Chunk(1, 2), make([]byte, 2)
			if _, err := chunk.Payload.Source.ReadAt(got, chunk.Payload.Offset); err != nil || string(got) != "56" {
				t.Errorf("%s: the bytes 1 and 2 after the present position are %q (%v)", test.name, got, err)
			}
			id, err := in.Identify(t.Context())
			if stream, _ := OpenReader(struct{ io.Reader }{strings.NewReader(text[4:])}, 6, nil, b); err == nil {
				want, _ := stream.Identify(t.Context())
				if again, err := stream.Identify(t.Context()); again != want || err != nil {
					t.Errorf("identified as %+v, then as %+v (%v)", want, again, err)
				}
				if id != want {
					t.Errorf("%s: identified as %+v in place, as %+v as a stream", test.name, id, want)
				}
				stream.Close()
			}
			in.Close()
			if n, err := test.r.Read(make([]byte, 1)); n > 0 || err != io.EOF {
				t.Errorf("%s: not at its end afterwards: %d bytes, %v", test.name, n, err)
			}
			continue
		}
		in.Close()
	}
}
