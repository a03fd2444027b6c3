package bytescale_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/bytescaletest/fault"
)

// files are the contents of files by their paths.
type files map[string]string

// writeTree writes files to a directory.
func writeTree(t *testing.T, dir string, content files) {
	t.Helper()
	for path, text := range content {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readTree returns the regular files of a directory.
func readTree(t *testing.T, dir string) files {
	t.Helper()
	found := files{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(name)
		below, _ := filepath.Rel(dir, name)
		found[filepath.ToSlash(below)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// addTree stores files in a folder.
func addTree(srv *bytescaletest.Server, folder string, content files) {
	for path, text := range content {
		srv.AddFile(bytescale.FileDetails{FilePath: folder + "/" + path}, []byte(text))
	}
}

// storedTree returns the files of a folder.
func storedTree(srv *bytescaletest.Server, folder string) files {
	found := files{}
	for _, file := range srv.Files() {
		if below, ok := strings.CutPrefix(file.FilePath, folder+"/"); ok {
			found[below] = string(file.Bytes())
		}
	}
	return found
}

// openDir returns a directory as a file system.
func openDir(t *testing.T, dir string) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root.FS()
}

// outcome is what a sequence of files yielded, in order of their paths: "action reason path", with
// the error of a file behind it. The error that is that of no file comes apart.
func outcome(sequence iter.Seq2[bytescale.DirFile, error]) (lines []string, err error) {
	for file, failure := range sequence {
		var one *bytescale.DirError
		if failure != nil && !errors.As(failure, &one) {
			err = errors.Join(err, failure)
			continue
		}
		line := strings.Join(slices.DeleteFunc([]string{string(file.Action), file.Reason, file.Path}, func(s string) bool { return s == "" }), " ")
		if failure != nil {
			line += ": " + one.Err.Error()
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, err
}

func wantOutcome(t *testing.T, sequence iter.Seq2[bytescale.DirFile, error], want ...string) {
	t.Helper()
	got, err := outcome(sequence)
	if err != nil {
		t.Error(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func wantTree(t *testing.T, got, want files) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Every regular file goes to its place, braces and all, from file systems of any kind; what is no
// regular file is skipped.
func TestUploadDir(t *testing.T) {
	t.Parallel()
	content := files{"a.txt": "a", "sub/deep/{UTC_DATE}.txt": "b", ".hidden": "c", "sub/empty": "", "ü/ö.txt": "d"}
	dir := t.TempDir()
	writeTree(t, dir, content)
	writeTree(t, dir, files{".bytescale-42": "", "sub/.BYTESCALE-0123456789abcdef.PART": ""})
	if err := os.Symlink("a.txt", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	memory := fstest.MapFS{}
	for path, text := range content {
		memory[path] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	for name, fsys := range map[string]fs.FS{"of a directory": openDir(t, dir), "in memory": memory, "of streams": streams{memory}} {
		t.Run(name, func(t *testing.T) {
			srv := bytescaletest.NewServer(t)
			var want []string
			if name == "of a directory" {
				want = append(want, "skipped symbolic-link link", "skipped unfinished .bytescale-42", "skipped unfinished sub/.BYTESCALE-0123456789abcdef.PART")
			}
			for path := range content {
				want = append(want, "uploaded "+path)
			}
			wantOutcome(t, srv.Client().UploadDir(t.Context(), fsys, "/to/here"), want...)
			wantTree(t, storedTree(srv, "/to/here"), content)
			for _, file := range srv.Files() {
				if base := file.FilePath[strings.LastIndex(file.FilePath, "/")+1:]; file.OriginalFileName != base {
					t.Errorf("the original name of %s is %q", file.FilePath, file.OriginalFileName)
				}
			}
		})
	}
}

// streams is a file system whose files can only be read in order.
type streams struct{ fs.FS }

func (s streams) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if dir, ok := f.(fs.ReadDirFile); ok {
		return dir, err
	}
	return struct{ fs.File }{f}, err
}

// Every file of a folder goes to its place, with the time of the stored one.
func TestDownloadDir(t *testing.T) {
	t.Parallel()
	content := files{"a.txt": "a", "sub/deep/{x}.txt": "b", ".hidden": "c", "sub/empty": "", "ü/ö.txt": "d", "sub/deep/long": strings.Repeat("x", 3<<20)}
	srv := bytescaletest.NewServer(t)
	addTree(srv, "/from", content)
	addTree(srv, "/fromelsewhere", files{"x": "x"})
	addTree(srv, "/from", files{"sub/.bytescale-42": "", "/twice": "", "./dot": ""})
	dir := filepath.Join(t.TempDir(), "new", "dir")
	want := []string{"skipped unfinished sub/.bytescale-42", "skipped bad-segment /twice", "skipped bad-segment ./dot"}
	for path := range content {
		want = append(want, "downloaded "+path)
	}
	wantOutcome(t, srv.Client().DownloadDir(t.Context(), "/from", dir), want...)
	wantTree(t, readTree(t, dir), content)
	for path := range content {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(path)))
		stored, _ := srv.File("/from/" + path)
		if err != nil || !info.ModTime().Equal(stored.LastModified) {
			t.Errorf("the time of %s: %v, %v; want %v", path, info.ModTime(), err, stored.LastModified)
		}
	}
}

// With WithChangedOnly and WithDelete, both sides end equal, in both directions, and a second call
// finds nothing to do.
func TestChangedOnly(t *testing.T) {
	t.Parallel()
	for order, opts := range map[string][]bytescaletest.Option{"ascending": nil, "descending": {bytescaletest.WithDescendingLists()}} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			srv := bytescaletest.NewServer(t, opts...)
			client, dir := srv.Client(), t.TempDir()
			content := files{"same": "same", "size": "123", "newer": "new", "missing/one": "1", "missing-two": "2"}
			writeTree(t, dir, content)
			setTime(t, filepath.Join(dir, "same"), time.Now().Add(-time.Hour))
			setTime(t, filepath.Join(dir, "newer"), time.Now().Add(time.Hour))
			addTree(srv, "/x", files{"same": "same", "size": "1234", "newer": "old", "extra/one": "e", "extra": "e"})
			both := []bytescale.DirOption{bytescale.WithChangedOnly(), bytescale.WithDelete()}
			up := func(opts ...bytescale.DirOption) iter.Seq2[bytescale.DirFile, error] {
				return client.UploadDir(t.Context(), openDir(t, dir), "/x", asUpload(append(both, opts...))...)
			}
			down := func(dir string, opts ...bytescale.DirOption) iter.Seq2[bytescale.DirFile, error] {
				return client.DownloadDir(t.Context(), "/x", dir, append(asDownload(append(both, opts...)), bytescale.WithOverwrite())...)
			}
			uploads := []string{
				"unchanged equal same", "uploaded size-differs size", "uploaded newer newer",
				"uploaded missing missing/one", "uploaded missing missing-two", "deleted extra extra/one", "deleted extra extra",
			}
			before := storedTree(srv, "/x")
			wantOutcome(t, up(bytescale.WithDryRun()), uploads...)
			wantTree(t, storedTree(srv, "/x"), before)
			wantOutcome(t, up(), uploads...)
			wantTree(t, storedTree(srv, "/x"), content)

			var nothing []string
			for path := range content {
				nothing = append(nothing, "unchanged equal "+path)
			}
			setTime(t, filepath.Join(dir, "newer"), time.Now().Add(-time.Hour))
			wantOutcome(t, up(), nothing...)

			// What was uploaded is newer at the service, by the time of the upload.
			dir = t.TempDir()
			wantOutcome(t, down(dir), replaced(slices.Collect(maps.Keys(content)), "downloaded missing ")...)
			wantOutcome(t, down(dir), nothing...)
			wantOutcome(t, up(), nothing...)
			writeTree(t, dir, files{"new/only": "here", "same": "other size"})
			downloads := append(slices.DeleteFunc(nothing, func(s string) bool { return s == "unchanged equal same" }),
				"downloaded size-differs same", "deleted extra new/only")
			wantOutcome(t, down(dir, bytescale.WithDryRun()), downloads...)
			wantOutcome(t, down(dir), downloads...)
			wantTree(t, readTree(t, dir), content)

			missing := filepath.Join(t.TempDir(), "missing")
			wantOutcome(t, down(missing, bytescale.WithDryRun()), replaced(slices.Collect(maps.Keys(content)), "downloaded missing ")...)
			if _, err := os.Lstat(missing); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a dry run made the directory: %v", err)
			}
			wantOutcome(t, down(missing), replaced(slices.Collect(maps.Keys(content)), "downloaded missing ")...)
			wantOutcome(t, client.UploadDir(t.Context(), openDir(t, missing), "/x", bytescale.WithChangedOnly()), replaced(slices.Collect(maps.Keys(content)), "unchanged equal ")...)
		})
	}
}

func setTime(t *testing.T, name string, modified time.Time) {
	t.Helper()
	if err := os.Chtimes(name, modified, modified); err != nil {
		t.Fatal(err)
	}
}

// replaced returns the paths with a prefix.
func replaced(paths []string, prefix string) []string {
	for i, path := range paths {
		paths[i] = prefix + path
	}
	return paths
}

func asUpload(opts []bytescale.DirOption) (all []bytescale.UploadDirOption) {
	for _, opt := range opts {
		all = append(all, opt)
	}
	return all
}

func asDownload(opts []bytescale.DirOption) (all []bytescale.DownloadDirOption) {
	for _, opt := range opts {
		all = append(all, opt)
	}
	return all
}

// The failure of one file leaves the others alone, and nothing is deleted then.
func TestDirFailures(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	client, dir := srv.Client(), t.TempDir()
	writeTree(t, dir, files{"a": "a", "b": "b", "c": "c"})
	addTree(srv, "/x", files{"extra": "e"})
	options := bytescale.WithFileOptions(func(file bytescale.DirFile) ([]bytescale.UploadOption, error) {
		switch file.Path {
		case "a":
			return nil, errors.New("not this one")
		case "b":
			return []bytescale.UploadOption{bytescale.WithPath("/elsewhere")}, nil
		}
		return []bytescale.UploadOption{bytescale.WithTags("tag")}, nil
	})
	got, err := outcome(client.UploadDir(t.Context(), openDir(t, dir), "/x", bytescale.WithChangedOnly(), bytescale.WithDelete(), options))
	want := []string{
		"uploaded missing a: not this one",
		`uploaded missing b: fileOptions: name another place for a file, and WithChangedOnly compares with "/x"`,
		"uploaded missing c",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err == nil || !strings.Contains(err.Error(), "nothing was deleted, because a file failed") {
		t.Errorf("the end is %v", err)
	}
	wantTree(t, storedTree(srv, "/x"), files{"c": "c", "extra": "e"})

	got, err = outcome(client.UploadDir(t.Context(), fstest.MapFS{}, "/x", bytescale.WithChangedOnly(), bytescale.WithDelete()))
	if len(got) > 0 || err == nil || !strings.Contains(err.Error(), "the source has no files") {
		t.Errorf("an empty source: %v, %v", got, err)
	}

	writeTree(t, dir, files{"extra": "old"})
	got, err = outcome(client.DownloadDir(t.Context(), "/x", dir, bytescale.WithChangedOnly()))
	if want := []string{"downloaded size-differs extra: download extra: file already exists", "unchanged equal c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

// A list that fails, and a folder that cannot be named, end the sequence with an error that is that
// of no file.
func TestDirListFails(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	client, dir := srv.Client(), t.TempDir()
	addTree(srv, "/x", files{"a": "a"})
	writeTree(t, dir, files{"b": "b"})
	srv.Fail(fault.Fault{Operation: "ListFolder", Kind: fault.Status, Status: 403, Times: -1})
	for name, sequence := range map[string]iter.Seq2[bytescale.DirFile, error]{
		"upload":   client.UploadDir(t.Context(), openDir(t, dir), "/x", bytescale.WithChangedOnly(), bytescale.WithDelete()),
		"download": client.DownloadDir(t.Context(), "/x", dir, bytescale.WithChangedOnly(), bytescale.WithDelete()),
		"plain":    client.DownloadDir(t.Context(), "/x", dir),
	} {
		got, err := outcome(sequence)
		var refused *bytescale.APIError
		var list *bytescale.ListError
		if len(got) > 0 || !errors.As(err, &refused) || !errors.As(err, &list) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	wantTree(t, readTree(t, dir), files{"b": "b"})
	wantTree(t, storedTree(srv, "/x"), files{"a": "a"})
}

// Leaving the loop and the end of the context stop all transfers.
func TestDirStops(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t, bytescaletest.WithAPILatency(time.Millisecond))
	client := srv.Client()
	fsys := fstest.MapFS{}
	for i := range 3000 {
		fsys[fmt.Sprintf("%04d", i)] = &fstest.MapFile{Data: []byte("x")}
	}
	n := 0
	for _, err := range client.UploadDir(t.Context(), fsys, "/break") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 10 {
			break
		}
	}
	stored := len(srv.Files())
	if stored < 10 || stored > 200 {
		t.Errorf("%d files are stored", stored)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	reason := errors.New("the reason")
	n = 0
	var last error
	for _, err := range client.UploadDir(ctx, fsys, "/cancel") {
		if n++; n == 10 {
			cancel(reason)
		}
		last = err
	}
	var one *bytescale.DirError
	if !errors.Is(last, context.Canceled) || !errors.Is(last, reason) || errors.As(last, &one) || n > 200 {
		t.Errorf("after %d it ended with %v", n, last)
	}
}

// Each file belongs to one shard, and the shards delete only their own extra files.
func TestDirShards(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	content, extra, fsys := files{}, files{}, fstest.MapFS{}
	for i := range 40 {
		path := fmt.Sprintf("d%d/%d", i%3, i)
		content[path], extra["extra/"+path] = "x", "e"
		fsys[path] = &fstest.MapFile{Data: []byte("x")}
	}
	addTree(srv, "/x", extra)
	seen := map[string]int{}
	for i := range 4 {
		for file, err := range srv.Client().UploadDir(t.Context(), fsys, "/x", bytescale.WithShard(i, 4), bytescale.WithChangedOnly(), bytescale.WithDelete()) {
			if err != nil {
				t.Fatal(err)
			}
			if file.Action != bytescale.DirUnchanged {
				seen[file.Path]++
			}
		}
	}
	if len(seen) != 80 {
		t.Errorf("%d files were moved or deleted, not 80", len(seen))
	}
	for path, n := range seen {
		if n != 1 {
			t.Errorf("%s belongs to %d shards", path, n)
		}
	}
	wantTree(t, storedTree(srv, "/x"), content)
}

func TestDirOptions(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	client, fsys, dir := srv.Client(), fstest.MapFS{}, t.TempDir()
	up := func(opts ...bytescale.UploadDirOption) iter.Seq2[bytescale.DirFile, error] {
		return client.UploadDir(t.Context(), fsys, "/x", opts...)
	}
	for want, sequence := range map[string]iter.Seq2[bytescale.DirFile, error]{
		`shard: 4 is outside 0..3`:                                                 up(bytescale.WithShard(4, 4)),
		`shard: -1 is outside 0..3`:                                                up(bytescale.WithShard(-1, 4)),
		`shard: 0 shards are not at least 1`:                                       up(bytescale.WithShard(0, 0)),
		`filesInFlight: 0 is outside 1..1024`:                                      up(bytescale.WithFilesInFlight(0)),
		`filesInFlight: 1025 is outside 1..1024`:                                   up(bytescale.WithFilesInFlight(1025)),
		`delete: needs WithChangedOnly, which lists the files that can be deleted`: up(bytescale.WithDelete()),
		`include: pattern "[": syntax error in pattern`:                            up(bytescale.WithInclude("a", "[")),
		`exclude: pattern "": is empty`:                                            up(bytescale.WithExclude("")),
		`fsys: is nil`:                                                             client.UploadDir(t.Context(), nil, "/x"),
		`folderPath: "x" does not begin with a slash`:                              client.UploadDir(t.Context(), fsys, "x"),
		`folderPath: "/x/" ends with a slash`:                                      client.DownloadDir(t.Context(), "/x/", dir),
		`dir: is empty; the current directory is .`:                                client.DownloadDir(t.Context(), "/x", ""),
	} {
		got, err := outcome(sequence)
		var argument *bytescale.ArgumentError
		if len(got) > 0 || !errors.As(err, &argument) || err.Error() != want {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
	}
	if n := len(srv.Exchanges()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// The sums over all files grow to the sizes of all files.
func TestDirProgress(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	content := files{"a": strings.Repeat("a", 1000), "b/c": strings.Repeat("b", 70_000), "empty": ""}
	addTree(srv, "/x", content)
	dir := t.TempDir()
	var up, down bytescale.Progress
	watch := func(last *bytescale.Progress) bytescale.DirOption {
		return bytescale.WithProgress(func(p bytescale.Progress) {
			if p.Confirmed < last.Confirmed || p.Sent < last.Sent || p.Confirmed+p.InFlight > p.Total {
				t.Errorf("%+v after %+v", p, *last)
			}
			*last = p
		})
	}
	if _, err := outcome(srv.Client().DownloadDir(t.Context(), "/x", dir, watch(&down))); err != nil {
		t.Error(err)
	}
	if _, err := outcome(srv.Client().UploadDir(t.Context(), openDir(t, dir), "/y", watch(&up))); err != nil {
		t.Error(err)
	}
	if want := (bytescale.Progress{Sent: 71_000, Confirmed: 71_000, Total: 71_000}); up != want || down != want {
		t.Errorf("up %+v, down %+v; want %+v", up, down, want)
	}
}

// A link in the directory is neither followed nor written through, and what it leads to stays.
func TestDownloadDirLinks(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	client := srv.Client()
	addTree(srv, "/x", files{"link/file": "new", "file": "new", "real/file": "new"})
	secret := files{"file": "secret", "extra": "secret"}
	for name, opts := range map[string][]bytescale.DownloadDirOption{
		"plain":        {bytescale.WithOverwrite()},
		"changed only": {bytescale.WithOverwrite(), bytescale.WithChangedOnly(), bytescale.WithDelete()},
	} {
		t.Run(name, func(t *testing.T) {
			dir, outside := t.TempDir(), t.TempDir()
			writeTree(t, outside, secret)
			writeTree(t, dir, files{"elsewhere/file": "secret"})
			for link, target := range map[string]string{"link": outside, "file": filepath.Join(outside, "file"), "real": "elsewhere"} {
				if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			got, _ := outcome(client.DownloadDir(t.Context(), "/x", dir, opts...))
			t.Log(strings.Join(got, "\n"))
			wantTree(t, readTree(t, outside), secret)
			for _, path := range []string{"link/file", "real/file"} {
				if !slices.ContainsFunc(got, func(line string) bool {
					return strings.Contains(line, path) && !strings.HasPrefix(line, "downloaded "+path+"\n")
				}) {
					t.Errorf("nothing is told of %s", path)
				}
			}
			if text, _ := os.ReadFile(filepath.Join(dir, "elsewhere", "file")); string(text) != "secret" && name == "plain" {
				t.Errorf("it was written through a link: %q", text)
			}
		})
	}
}

// A file of the service cannot pass for what an interrupted download has left.
func TestDirReservedNames(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	dir := t.TempDir()
	names := []string{".bytescale-1", ".bytescale-0123456789abcdef.state", ".Bytescale-0123456789ABCDEF.PART"}
	for _, name := range names {
		addTree(srv, "/x", files{name: "forged", "sub/" + name: "forged"})
		writeTree(t, dir, files{"kept/" + name: "unfinished"})
	}
	addTree(srv, "/x", files{"a": "a"})
	got, err := outcome(srv.Client().DownloadDir(t.Context(), "/x", dir, bytescale.WithChangedOnly(), bytescale.WithDelete()))
	if err != nil || len(got) != 7 {
		t.Errorf("%q, %v", got, err)
	}
	wantTree(t, readTree(t, dir), files{"a": "a", "kept/" + names[0]: "unfinished", "kept/" + names[1]: "unfinished", "kept/" + names[2]: "unfinished"})
}

// Whatever paths a service lists, no file is written outside of the directory.
func TestDownloadDirHostileList(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/x/../../escaped": "skipped bad-segment ../../escaped",
		"/x/..":            "skipped bad-segment ..",
		"/x/./escaped":     "skipped bad-segment ./escaped",
		"/x//escaped":      "skipped bad-segment /escaped",
		"/x/":              "skipped bad-segment",
		"/x/nul\x00":       "skipped bad-character nul\x00",
		"/elsewhere":       "ListFolder: the list has a file of another folder",
		"/x":               "ListFolder: the list has a file of another folder",
		"relative":         "the path of a file is missing or does not begin with a slash",
	} {
		t.Run(fmt.Sprintf("%q", path), func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]any{
				"cursor": "c", "isPaginationComplete": true, "folder": map[string]any{"type": "Folder", "folderPath": "/x"},
				"items": []any{map[string]any{"type": "File", "filePath": path, "size": 1, "lastModified": 1, "fileUrl": "https://upcdn.io/x"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			client, err := bytescale.NewClient("secret_A623uY2kEySeCrEt0123456789", bytescale.WithTransport(answers(body)),
				bytescale.WithRetryPolicy(bytescale.RetryPolicy{MaxAttempts: 1}))
			if err != nil {
				t.Fatal(err)
			}
			top := t.TempDir()
			dir := filepath.Join(top, "a", "b")
			for _, opts := range [][]bytescale.DownloadDirOption{nil, {bytescale.WithChangedOnly()}} {
				got, err := outcome(client.DownloadDir(t.Context(), "/x", dir, opts...))
				if err != nil {
					got = append(got, err.Error())
				}
				if len(got) != 1 || !strings.Contains(got[0], want) {
					t.Errorf("%q, want %q", got, want)
				}
				wantTree(t, readTree(t, top), files{})
			}
		})
	}
}

// answers is a transport that answers every request with the same JSON.
type answers []byte

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Status: "200 OK", Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(a)), Body: io.NopCloser(bytes.NewReader(a)), Request: req,
	}, nil
}

// intercepted is a transport that calls a function before each request.
type intercepted struct {
	http.RoundTripper
	before func(*http.Request)
}

func (i intercepted) RoundTrip(req *http.Request) (*http.Response, error) {
	i.before(req)
	return i.RoundTripper.RoundTrip(req)
}

// A file that the CDN serves with another size than listed does not replace what is there.
func TestDownloadDirOfAnotherSize(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	addTree(srv, "/x", files{"a": "listed"})
	dir := t.TempDir()
	writeTree(t, dir, files{"a": "old"})
	client := srv.Client(bytescale.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return intercepted{next, func(req *http.Request) {
			if strings.Contains(req.URL.Path, "/raw/") {
				srv.AddFile(bytescale.FileDetails{FilePath: "/x/a"}, []byte("replaced since"))
			}
		}}
	}))
	for _, err := range client.DownloadDir(t.Context(), "/x", dir, bytescale.WithChangedOnly(), bytescale.WithOverwrite()) {
		var one *bytescale.DirError
		if !errors.Is(err, bytescale.ErrFileChanged) || !errors.As(err, &one) || one.Path != "a" {
			t.Errorf("it ends with %v", err)
		}
	}
	wantTree(t, readTree(t, dir), files{"a": "old"})
}

// The context of the events of a file tells which it is.
func TestDirFileFromContext(t *testing.T) {
	t.Parallel()
	srv := bytescaletest.NewServer(t)
	addTree(srv, "/x", files{"a/b": "text"})
	var mu sync.Mutex
	seen := map[string]int{}
	client := srv.Client(bytescale.WithObserver(func(e bytescale.Event) {
		mu.Lock()
		defer mu.Unlock()
		if file, ok := bytescale.DirFileFromContext(e.Context); ok {
			seen[string(e.Kind)+" "+file.Path]++
		} else {
			seen[string(e.Kind)+" "+e.Operation]++
		}
	}))
	dir := t.TempDir()
	if _, err := outcome(client.DownloadDir(t.Context(), "/x", dir)); err != nil {
		t.Error(err)
	}
	if _, err := outcome(client.UploadDir(t.Context(), openDir(t, dir), "/y")); err != nil {
		t.Error(err)
	}
	want := map[string]int{
		"attempt ListFolder": 1, "downloadStart a/b": 1, "attempt a/b": 4, "downloadEnd a/b": 1, "uploadStart a/b": 1, "uploadEnd a/b": 1,
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
