//go:build unix

package tree

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestWalkFollowsNoLinks(t *testing.T) {
	_, outside := makeTree(t, "secret")
	root, dir := makeTree(t, "d/a")
	for link, target := range map[string]string{
		"file":      outside + "/secret",
		"directory": outside,
		"inside":    "d",
		"loop":      ".",
		"nowhere":   "none",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantList(t, Walk(root.FS(), Filter{}), map[string]string{
		"d/a": "", "pipe": "special-file",
		"file": "symbolic-link", "directory": "symbolic-link", "inside": "symbolic-link", "loop": "symbolic-link",
		"nowhere": "symbolic-link",
	})
	filter, err := NewFilter([]string{"/f*", "/d/"}, []string{"pipe", "inside/"})
	if err != nil {
		t.Fatal(err)
	}
	wantList(t, Walk(root.FS(), filter), map[string]string{"d/a": "", "file": "symbolic-link"})
}

// A directory that becomes a link between being listed and being opened is
// not followed, not even to another directory of the tree.
func TestWalkNoticesThatADirectoryBecameALink(t *testing.T) {
	_, outside := makeTree(t, "secret")
	for name, target := range map[string]string{"outside": outside, "inside": "private"} {
		t.Run(name, func(t *testing.T) {
			root, dir := makeTree(t, "d/a", "private/key")
			fsys := &countingFS{FS: root.FS(), opened: map[string]int{}}
			fsys.before = func(name string) {
				if name != "d" {
					return
				}
				if err := os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "moved")); err != nil {
					t.Error(err)
				}
				if err := os.Symlink(target, filepath.Join(dir, "d")); err != nil {
					t.Error(err)
				}
			}
			wantList(t, Walk(fsys, Filter{}), map[string]string{"d": "unreadable", "private/key": ""})
		})
	}
}

// Linux and its relatives have names that are not text.
func TestWalkOfNamesThatAreNotText(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // such names cannot be made
	}
	root, _ := makeTree(t, "f\xff", "d\xff/x")
	wantList(t, Walk(root.FS(), Filter{}), map[string]string{"f\xff": "", "d\xff": "invalid-utf8"})
}
