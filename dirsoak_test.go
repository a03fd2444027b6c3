package bytescale_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
)

// TestSoakDirs brings two random trees together, in both directions, through cancels and kills at
// random moments. When two runs have ended by themselves, both sides are equal, but for what is
// skipped, and a third run finds nothing to do. The second one is for names that a file and a
// directory have exchanged.
func TestSoakDirs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("the expected names are those of other systems")
	}
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	count := max(1, *soakTransfers/20)
	t.Logf("%d trees in each direction, seed %d", count, seed)
	for nth := range count {
		for _, upload := range []bool{true, false} {
			t.Run(fmt.Sprintf("%d,upload=%v", nth, upload), func(t *testing.T) {
				s := &dirSoak{T: t, random: rand.New(rand.NewPCG(seed, uint64(nth))), upload: upload}
				s.run()
				if t.Failed() {
					t.Logf("-soak.seed=%d, tree %d", seed, nth)
				}
			})
		}
	}
}

type dirSoak struct {
	*testing.T
	random *rand.Rand
	upload bool
	srv    *bytescaletest.Server
	work   dirWork
}

// dirWork is what a process is to do. A child gets it in its environment.
type dirWork struct {
	URL, Key, Dir, Checkpoints string
	Upload                     bool
}

const soakFolder = "/soak"

// files returns the run that the work describes.
func (w dirWork) files(ctx context.Context, observe func(bytescale.Event)) (iter.Seq2[bytescale.DirFile, error], func(), error) {
	client, err := bytescale.NewClient(w.Key, bytescale.WithAPIURL(w.URL), bytescale.WithCDNURL(w.URL), bytescale.WithObserver(observe))
	if err != nil {
		return nil, nil, err
	}
	both := []bytescale.DirOption{bytescale.WithChangedOnly(), bytescale.WithDelete(), bytescale.WithFilesInFlight(4)}
	if !w.Upload {
		return client.DownloadDir(ctx, soakFolder, w.Dir, append(asDownload(both), bytescale.WithOverwrite())...), client.CloseIdleConnections, nil
	}
	root, err := os.OpenRoot(w.Dir)
	if err != nil {
		return nil, nil, err
	}
	store, err := bytescale.NewCheckpointDir(w.Checkpoints)
	if err != nil {
		return nil, nil, err
	}
	resume := bytescale.WithFileOptions(func(file bytescale.DirFile) ([]bytescale.UploadOption, error) {
		return []bytescale.UploadOption{bytescale.WithResume(store, file.Path)}, nil
	})
	return client.UploadDir(ctx, root.FS(), soakFolder, append(asUpload(both), resume)...), func() {
		client.CloseIdleConnections()
		root.Close()
	}, nil
}

func (s *dirSoak) run() {
	s.srv = bytescaletest.NewServer(s.T, bytescaletest.WithPartSize(1<<20))
	s.work = dirWork{URL: s.srv.URL(), Key: s.srv.Key(), Dir: s.TempDir(), Checkpoints: filepath.Join(s.TempDir(), "checkpoints"), Upload: s.upload}
	addTree(s.srv, soakFolder, s.tree(false))
	writeTree(s.T, s.work.Dir, s.tree(true))
	addTree(s.srv, soakFolder, files{"always": "there"})
	writeTree(s.T, s.work.Dir, files{"always": "there"})
	links := s.links()
	want := s.expected(links)

	for range s.random.IntN(4) {
		if s.random.IntN(2) == 0 {
			s.cancelled()
		} else {
			s.killed()
		}
	}
	for nth := range 3 {
		for file, err := range s.start(s.Context(), func(bytescale.Event) {}) {
			switch {
			case err != nil && nth > 0:
				s.Errorf("run %d: %v", nth, err)
			case nth == 2 && file.Action != bytescale.DirUnchanged && file.Action != bytescale.DirSkipped:
				s.Errorf("the third run: %s %s %s", file.Action, file.Reason, file.Path)
			}
		}
	}
	got := storedTree(s.srv, soakFolder)
	if !s.upload {
		got = readTree(s.T, s.work.Dir)
	}
	wantTree(s.T, sizes(got), sizes(want))
}

func (s *dirSoak) start(ctx context.Context, observe func(bytescale.Event)) iter.Seq2[bytescale.DirFile, error] {
	sequence, end, err := s.work.files(ctx, observe)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(end)
	return sequence
}

// cancelled does a part of the work, until the context ends.
func (s *dirSoak) cancelled() {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	events := make(chan struct{}, s.random.IntN(200))
	for _, err := range s.start(ctx, func(bytescale.Event) {
		select {
		case events <- struct{}{}:
		default:
			cancel()
		}
	}) {
		var one *bytescale.DirError
		if err != nil && !errors.As(err, &one) && !errors.Is(err, context.Canceled) && !isNotDeleted(err) {
			s.Errorf("cancelled: %v", err)
		}
	}
}

// isNotDeleted reports whether extra files were not deleted because a name of a file is that of a
// directory still.
func isNotDeleted(err error) bool { return strings.Contains(err.Error(), "nothing was deleted") }

// killed does a part of the work in another process, until it is killed.
func (s *dirSoak) killed() {
	text, err := json.Marshal(s.work)
	if err != nil {
		s.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestDirChild$")
	child.Env = append(os.Environ(), "BYTESCALE_TEST_DIR_WORK="+string(text))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := child.Start(); err != nil {
		s.Fatal(err)
	}
	left := s.random.IntN(200)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if left--; left < 0 {
			_ = child.Process.Kill()
		}
		if strings.HasPrefix(lines.Text(), "error ") {
			s.Errorf("the child: %s", lines.Text())
		}
	}
	_ = child.Wait()
}

// TestDirChild is the other process of TestSoakDirs. It prints a line for each event.
func TestDirChild(t *testing.T) {
	text := os.Getenv("BYTESCALE_TEST_DIR_WORK")
	if text == "" {
		return
	}
	var work dirWork
	if err := json.Unmarshal([]byte(text), &work); err != nil {
		t.Fatal(err)
	}
	sequence, end, err := work.files(t.Context(), func(e bytescale.Event) { fmt.Println("event", e.Kind) })
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	for _, err := range sequence {
		var one *bytescale.DirError
		if err != nil && !errors.As(err, &one) && !isNotDeleted(err) {
			fmt.Println("error", strings.ReplaceAll(err.Error(), "\n", " "))
		}
	}
}

// segments are names that some system, or some code, has trouble with.
var segments = []string{
	"a", "A", "b", "ü", "u\u0308", "a b", "%41", "{UTC_DATE}", "{ORIGINAL_FILE_NAME}", `back\slash`, ".hidden", "-", "~", "a.", "con",
	"a#b?c", "!", "*", "'\"", "😀", strings.Repeat("x", 255), "a-b", "a\x01", "\u200b",
}

// onlyHere are names that the service does not have.
var onlyHere = []string{"line\nbreak", "\xff"}

// tree returns random files. No file has the name of a directory.
func (s *dirSoak) tree(local bool) files {
	tree, names := files{}, segments
	if local {
		names = append(names[:len(names):len(names)], onlyHere...)
	}
	pick := func() string { return names[s.random.IntN(len(names))] }
	for range s.random.IntN(60) {
		path := pick()
		for range s.random.IntN(3) {
			if longer := path + "/" + pick(); utf8.RuneCountInString(longer) < 450 {
				path = longer
			}
		}
		if !conflicts(tree, path) {
			tree[path] = s.content(path)
		}
	}
	return tree
}

// conflicts reports whether a path is above or below one of a tree.
func conflicts(tree files, path string) bool {
	for other := range tree {
		if strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/") {
			return true
		}
	}
	return false
}

// content returns the content of a file, of which those with the same path and size are equal.
func (s *dirSoak) content(path string) string {
	size := []int{0, 1, 1000, 70_000, 1<<20 + 1000, 3 << 20}[min(s.random.IntN(12), s.random.IntN(12))/2]
	return strings.Repeat(path+"\n", size/(len(path)+1)+1)[:size]
}

// links puts symbolic links into the directory where nothing is, and returns their paths. They lead
// to a directory outside that no run may change.
func (s *dirSoak) links() (paths []string) {
	outside := s.TempDir()
	writeTree(s.T, outside, files{"secret": "secret"})
	s.Cleanup(func() { wantTree(s.T, readTree(s.T, outside), files{"secret": "secret"}) })
	for range s.random.IntN(4) {
		path := segments[s.random.IntN(len(segments))]
		if err := os.Symlink(outside, filepath.Join(s.work.Dir, path)); err == nil {
			paths = append(paths, path)
		} else if !errors.Is(err, fs.ErrExist) {
			s.Fatal(err)
		}
	}
	return paths
}

// expected returns what the destination is to have in the end.
func (s *dirSoak) expected(links []string) files {
	local, stored := readTree(s.T, s.work.Dir), storedTree(s.srv, soakFolder)
	linked := func(path string) bool {
		for _, link := range links {
			if path == link || strings.HasPrefix(path, link+"/") {
				return true
			}
		}
		return false
	}
	want := files{}
	if s.upload {
		for path, text := range local {
			if utf8.ValidString(path) && !strings.Contains(path, "\n") {
				want[path] = text
			}
		}
		for path, text := range stored { // what a link may stand for is not deleted
			if linked(path) {
				want[path] = text
			}
		}
		return want
	}
	for path, text := range stored {
		if !linked(path) {
			want[path] = text
		}
	}
	for path, text := range local { // package io/fs cannot name what is in such a directory
		if !utf8.ValidString(filepath.Dir(path)) {
			want[path] = text
			for above := filepath.Dir(path); above != "."; above = filepath.Dir(above) {
				delete(want, above)
			}
		}
	}
	return want
}

// sizes shortens the contents of files for a message.
func sizes(tree files) files {
	short := files{}
	for path, text := range tree {
		short[path] = fmt.Sprintf("%d bytes", len(text))
		if want := strings.Repeat(path+"\n", len(text)/(len(path)+1)+1)[:len(text)]; text != want && path != "always" {
			short[path] += ", damaged"
		}
	}
	return short
}
