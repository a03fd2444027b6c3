package main

import (
	"errors"
	"fmt"
	"hash/maphash"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	bytescale "github.com/c88edac7/bytescale-go"
)

// destination returns the options for a file's folder, name and MIME type. A file
// found in a directory keeps its relative path below the folder.
func (u *uploader) destination(it item, mime string) []bytescale.UploadOption {
	var options []bytescale.UploadOption
	folder, name := u.destinationOf(it)
	if folder != "" {
		options = append(options, bytescale.WithFolder(folder))
	}
	if name != "" {
		options = append(options, bytescale.WithFileName(name))
	}
	if mime != "" && u.flags.mime == "" {
		options = append(options, bytescale.WithMIME(mime))
	}
	return options
}

// destinationOf returns the folder and the name to ask for. An empty one means the
// API key's own setting.
func (u *uploader) destinationOf(it item) (folder, name string) {
	folder, name = u.flags.folder, u.flags.name
	if it.tree != "" {
		if dir := path.Dir(it.tree); dir != "." {
			folder = joinFolder(folder, literal(dir))
		}
		if name == "" {
			name = literal(path.Base(it.tree))
		}
	}
	return folder, name
}

// originalName returns the original file name to send.
func (u *uploader) originalName(it item) string {
	switch name := u.flags.name; {
	case !it.stdin:
		return filepath.Base(it.path)
	case name == "" || strings.Contains(name, "{"):
		return "stdin" // the variables of the original name need one
	default:
		return name
	}
}

// claim rejects a file whose destination is that of another file of the command,
// because only one of them would remain stored.
func (u *uploader) claim(it item) error {
	folder, name := u.destinationOf(it)
	switch {
	case name == "", hasUnique(folder), hasUnique(name):
		return nil // the service finds a path that is free
	case u.apart():
		return nil
	}
	wanted := withOriginal(folder+"\x00"+name, u.originalName(it))
	if u.claimed.add(wanted) == 0 {
		return nil
	}
	return errors.New("would be stored in the place of another file of this command; " + otherDestinations)
}

// checkDestination rejects a stored file whose path is that of another file of the
// command. claim cannot foresee every collision, because the service resolves the
// path: its clock and its variables decide.
func (u *uploader) checkDestination(file *bytescale.FileDetails) error {
	if u.apart() || u.taken.add(file.FilePath) == 0 {
		return nil
	}
	return fmt.Errorf("was stored in the place of another file of this command, %s; %s", file.FilePath, otherDestinations)
}

// apart reports whether no two files can have the same destination, as with the files
// of one directory. There may be millions of them, so their destinations should not be
// kept in memory.
func (u *uploader) apart() bool { return u.flags.name == "" && len(u.flags.paths) == 1 }

// otherDestinations is the advice about two files with one destination.
const otherDestinations = "upload them to different folders, or put {UNIQUE_DIGITS_8} into --name"

// occurrences counts how often each of many texts occurred. It keeps hashes only, because
// there may be millions.
type occurrences struct {
	mu     sync.Mutex
	counts map[uint64]int
}

// add counts one occurrence of text and returns the number of earlier ones.
func (o *occurrences) add(text string) int {
	hash := maphash.String(hashSeed, text)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[uint64]int{}
	}
	earlier := o.counts[hash]
	o.counts[hash]++
	return earlier
}

var hashSeed = maphash.MakeSeed()

// uniqueVariable matches the variables that the service draws again until the path is
// free. All others, times included, can have the same value for two files.
var uniqueVariable = regexp.MustCompile(`\{UNIQUE_DIGITS_([1-9]|1[0-9]|20)\}`)

func hasUnique(template string) bool {
	return uniqueVariable.MatchString(strings.ReplaceAll(template, `\{`, ""))
}

// withOriginal replaces the variables of the original file name, because they differ
// from file to file.
func withOriginal(template, name string) string {
	extension := path.Ext(name)
	if extension == name { // .profile
		extension = ""
	}
	return strings.NewReplacer(
		`\{`, `\{`, // an escaped brace begins no variable
		"{ORIGINAL_FILE_NAME}", strings.TrimSuffix(name, extension),
		"{ORIGINAL_FILE_EXT}", extension,
	).Replace(template)
}

func joinFolder(folder, below string) string {
	if folder == "" {
		return below
	}
	return strings.TrimSuffix(folder, "/") + "/" + below
}

// literal escapes the braces in a file name, which would otherwise begin variables.
func literal(name string) string { return strings.ReplaceAll(name, "{", `\{`) }
