package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `package sample

const Exported, hidden = 1, 2

type Kind string

const Red Kind = "red"

var ErrBad, errHidden error

type Thing[T any] struct {
	Name, Title string ` + "`json:\"name\"`" + `
	secret int
}

type Doer interface {
	Do(first, second int) error
	Also()
}

type private struct{ Field int }

func (private) Method() {}

func (t *Thing[T]) Get(name string, more ...int) (value T, err error) { return }

func Map(fn func(key string) (ok bool)) map[string]int { return nil }

type Name = string
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestListHasEveryExportedFeatureAndNothingElse(t *testing.T) {
	got, err := list(filepath.Dir(write(t, "sample.go", source)))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"pkg sample, const Exported = 1",
		`pkg sample, const Red Kind = "red"`,
		"pkg sample, func Map(func(string) bool) map[string]int",
		"pkg sample, method (*Thing[T]) Get(string, ...int) (T, error)",
		"pkg sample, type Doer interface { Also(); Do(int, int) error }",
		"pkg sample, type Kind string",
		"pkg sample, type Name = string",
		"pkg sample, type Thing[T any] struct",
		"pkg sample, type Thing[T any] struct, Name string `json:\"name\"`",
		"pkg sample, type Thing[T any] struct, Title string `json:\"name\"`",
		"pkg sample, var ErrBad error",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestRunFailsOnWhatIsGone(t *testing.T) {
	dir := filepath.Dir(write(t, "sample.go", source))
	const gone = "pkg sample, func Removed()"
	released := write(t, "released.txt", gone+"\npkg sample, type Kind string\n")
	for _, test := range []struct {
		name, accepted string
		ok             bool
	}{
		{"nothing accepted", "", false},
		{"another line accepted", "# renamed\npkg sample, func Other()\n", false},
		{"accepted without a reason", gone + "\n", false},
		{"accepted with a reason", "# never worked\n" + gone + "\n", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := run(released, write(t, "accepted.txt", test.accepted), []string{dir})
			if (err == nil) != test.ok {
				t.Errorf("run: %v, want success: %v", err, test.ok)
			}
		})
	}
}
