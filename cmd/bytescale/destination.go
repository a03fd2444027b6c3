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

// destination gives the options that say where a file goes and what it is. A
// file found in a directory keeps its place and its name below the folder.
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

// destinationOf is the folder and the name to ask for; empty where the API key's
// own setting counts.
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

// originalName is what the service is told that the file is called.
func (u *uploader) originalName(it item) string {
	switch name := u.flags.name; {
	case !it.stdin:
		return filepath.Base(it.path)
	case name == "" || strings.Contains(name, "{"):
		return "stdin" // for the variables of the original name
	default:
		return name
	}
}

// claim refuses a file that would take the place of another one of the same
// command: of both, only one would be stored.
func (u *uploader) claim(it item) error {
	folder, name := u.destinationOf(it)
	switch {
	case name == "", hasUnique(folder), hasUnique(name):
		return nil // the service finds a free place
	case u.apart():
		return nil
	}
	wanted := withOriginal(folder+"\x00"+name, u.originalName(it))
	if u.claimed.add(wanted) {
		return nil
	}
	return errors.New("would be stored in the place of another file of this command; " + otherDestinations)
}

// checkDestination is the net below claim: it is where the file went that counts, and
// the service, its time and a variable that it does not know decide that.
func (u *uploader) checkDestination(file *bytescale.FileDetails) error {
	if u.apart() || u.taken.add(file.FilePath) {
		return nil
	}
	return fmt.Errorf("was stored in the place of another file of this command, %s; %s", file.FilePath, otherDestinations)
}

// apart says whether the files keep apart by themselves: those of one directory do,
// which may be so many that their destinations should not be remembered.
func (u *uploader) apart() bool { return u.flags.name == "" && len(u.flags.paths) == 1 }

// otherDestinations is what to do about two files for one place.
const otherDestinations = "upload them to different folders, or put {UNIQUE_DIGITS_8} into --name"

// destinations is a set of destinations, as hashes: of millions of files, perhaps.
type destinations struct {
	mu   sync.Mutex
	seen map[uint64]struct{}
}

// add reports whether destination is new.
func (d *destinations) add(destination string) bool {
	hash := maphash.String(destinationSeed, destination)
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, found := d.seen[hash]; found {
		return false
	}
	if d.seen == nil {
		d.seen = map[uint64]struct{}{}
	}
	d.seen[hash] = struct{}{}
	return true
}

var destinationSeed = maphash.MakeSeed()

// uniqueVariable finds the variables that the service fills until a place is
// free. All others, times too, can be the same for two files.
var uniqueVariable = regexp.MustCompile(`\{UNIQUE_DIGITS_([1-9]|1[0-9]|20)\}`)

func hasUnique(template string) bool {
	return uniqueVariable.MatchString(strings.ReplaceAll(template, `\{`, ""))
}

// withOriginal fills in the variables of the original name, of which each file
// has its own.
func withOriginal(template, name string) string {
	extension := path.Ext(name)
	if extension == name { // .profile
		extension = ""
	}
	return strings.NewReplacer(
		`\{`, `\{`, // no variable follows
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

// literal escapes the braces of a name of the disk, which would otherwise be
// read as variables.
func literal(name string) string { return strings.ReplaceAll(name, "{", `\{`) }
