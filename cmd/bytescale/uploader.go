package main

import (
	"context"
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

// uploader is what the uploads of one command share. Its methods are safe for
// concurrent use.
type uploader struct {
	flags       *uploadCmd
	std         *streams
	client      *bytescale.Client
	files       int // at a time
	options     []bytescale.UploadOption
	checkpoints *checkpoints // nil: neither kept nor used
	local       *local       // nil without --local
	progress    *progress
	printer     *printer

	claimed places // that files of this command are going to
	taken   places // that they went to

	mu       sync.Mutex
	uploaded int
	failed   int
	kept     int // checkpoints left by interrupted uploads
}

// tryOptions lets the client judge the options without sending anything: it
// does so before it looks at the context, which here has ended already.
func (u *uploader) tryOptions(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	_, err := u.client.Upload(ctx, bytescale.Bytes(nil), append(u.options, u.destination(item{}, "")...)...)
	var argument *bytescale.ArgumentError
	if errors.As(err, &argument) {
		return usageError{err}
	}
	return nil
}

// one uploads a file and reports how that went.
func (u *uploader) one(ctx context.Context, it item) {
	if ctx.Err() != nil {
		return
	}
	file, sum, err := u.upload(ctx, it)
	switch {
	case err == nil:
		u.printer.result(it.shown(), file, sum)
		if sum != "" && !u.flags.Quiet {
			u.note("%s: downloaded back, the SHA-256 matches: %s", it.shown(), sum)
		}
		u.count(&u.uploaded)
	case ctx.Err() != nil:
		// The summary says it once, for all files.
	default:
		u.fail(it.shown(), err)
	}
}

// upload uploads a file, to a place of its own.
func (u *uploader) upload(ctx context.Context, it item) (file *bytescale.FileDetails, sum string, err error) {
	if it.stdin {
		file, sum, err = u.standardInput(ctx, it)
	} else {
		file, sum, err = u.file(ctx, it)
	}
	if err == nil {
		err = u.checkPlace(file)
	}
	return file, sum, err
}

// file uploads one file of the disk, from where an earlier upload of it stopped
// if there is one.
func (u *uploader) file(ctx context.Context, it item) (*bytescale.FileDetails, string, error) {
	mime, err := fileMIME(it.path)
	if err != nil {
		return nil, "", err
	}
	file, err := u.resumable(ctx, it, mime)
	if err != nil || u.local == nil {
		return file, "", err
	}
	want, err := hashFile(it.path)
	if err != nil {
		return nil, "", err
	}
	return file, want, u.local.compare(ctx, file, want)
}

func (u *uploader) resumable(ctx context.Context, it item, mime string) (*bytescale.FileDetails, error) {
	source := bytescale.File(it.path)
	progress := bytescale.WithProgress(u.progress.watch(it.size))
	place := u.place(it)
	defer place.release()

	saved, err := place.load()
	if errors.Is(err, errBusy) {
		return nil, err
	}
	if err != nil {
		u.note("%s: starting afresh: %v", it.shown(), err)
	}
	if saved != nil {
		if !u.flags.Quiet {
			u.note("%s: continuing the interrupted upload", it.shown())
		}
		file, err := u.client.Resume(ctx, *saved, source, progress)
		if err == nil {
			place.remove()
			return file, nil
		}
		reason, afresh := staleCheckpoint(err)
		if !afresh || ctx.Err() != nil {
			u.countKept(place)
			return nil, err
		}
		u.note("%s: starting afresh: %s", it.shown(), reason)
		place.remove()
	}

	options := append(u.destination(it, mime), progress)
	if place != nil {
		options = append(options, bytescale.WithCheckpoint(place.save))
	}
	file, err := u.client.Upload(ctx, source, append(options, u.options...)...)
	if _, useless := staleCheckpoint(err); err == nil || useless {
		place.remove()
	}
	u.countKept(place)
	return file, err
}

// staleCheckpoint tells whether err says that a checkpoint can never be
// continued from, and why.
func staleCheckpoint(err error) (reason string, stale bool) {
	var argument *bytescale.ArgumentError
	switch {
	case errors.Is(err, bytescale.ErrSourceChanged), errors.Is(err, bytescale.ErrSourceSize):
		return "the file changed since the upload was interrupted", true
	case errors.Is(err, bytescale.ErrUploadUnknown):
		return "the server no longer knows the interrupted upload", true
	case errors.As(err, &argument):
		return "the checkpoint cannot be used: " + argument.Reason, true
	}
	return "", false
}

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
	if mime != "" && u.flags.MIME == "" {
		options = append(options, bytescale.WithMIME(mime))
	}
	return options
}

// destinationOf is the folder and the name to ask for; empty where the API key's
// own setting counts.
func (u *uploader) destinationOf(it item) (folder, name string) {
	folder, name = u.flags.Folder, u.flags.Name
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
	return errors.New("would be stored in the place of another file of this command; " + otherPlaces)
}

// checkPlace is the net below claim: it is where the file went that counts, and
// the service, its time and a variable that it does not know decide that.
func (u *uploader) checkPlace(file *bytescale.FileDetails) error {
	if u.apart() || u.taken.add(file.FilePath) {
		return nil
	}
	return fmt.Errorf("was stored in the place of another file of this command, %s; %s", file.FilePath, otherPlaces)
}

// apart says whether the files keep apart by themselves: those of one directory do,
// which may be so many that their places should not be remembered.
func (u *uploader) apart() bool { return u.flags.Name == "" && len(u.flags.Paths) == 1 }

// otherPlaces is what to do about two files for one place.
const otherPlaces = "upload them to different folders, or put {UNIQUE_DIGITS_8} into --name"

// places is a set of places, as hashes: of millions of files, perhaps.
type places struct {
	mu   sync.Mutex
	seen map[uint64]struct{}
}

// add says whether place is new.
func (p *places) add(place string) bool {
	hash := maphash.String(placeSeed, place)
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, found := p.seen[hash]; found {
		return false
	}
	if p.seen == nil {
		p.seen = map[uint64]struct{}{}
	}
	p.seen[hash] = struct{}{}
	return true
}

var placeSeed = maphash.MakeSeed()

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

// originalName is what the service is told that the file is called.
func (u *uploader) originalName(it item) string {
	switch name := u.flags.Name; {
	case !it.stdin:
		return filepath.Base(it.path)
	case name == "" || strings.Contains(name, "{"):
		return "stdin" // for the variables of the original name
	default:
		return name
	}
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

// place is where the checkpoint of a file is kept; nil when none is.
func (u *uploader) place(it item) *place {
	if u.checkpoints == nil {
		return nil
	}
	return u.checkpoints.place(identity{
		APIURL: u.flags.APIURL, AccountID: u.client.AccountID(), Source: it.path, Tree: it.tree,
		Folder: u.flags.Folder, Name: u.flags.Name, MIME: u.flags.MIME, Metadata: u.flags.Metadata, Tags: u.flags.Tags,
	})
}

func (u *uploader) count(n *int) {
	u.mu.Lock()
	*n++
	u.mu.Unlock()
}

func (u *uploader) countKept(p *place) {
	if p.saved() {
		u.count(&u.kept)
	}
}

// note prints one line about something that is not a failure.
func (u *uploader) note(format string, args ...any) { u.progress.note(format, args...) }

// skip reports a file that is left out on purpose.
func (u *uploader) skip(name, reason string) { u.note("%s: skipped: %s", name, reason) }

// fail reports a file that could not be uploaded.
func (u *uploader) fail(name string, err error) {
	u.count(&u.failed)
	u.note("%s: %s", name, explain(err))
}

// summary ends the progress, says what there is to say about all files
// together, and turns it into the error that Run returns.
func (u *uploader) summary(ctx context.Context) error {
	u.progress.close()
	u.mu.Lock()
	defer u.mu.Unlock()
	var stop stopped
	switch {
	case ctx.Err() != nil && !errors.As(context.Cause(ctx), &stop):
		return context.Cause(ctx) // it is about all files
	case ctx.Err() != nil && u.kept > 0:
		u.note("interrupted; run the same command again to continue")
		return errReported
	case ctx.Err() != nil:
		u.note("interrupted; %s uploaded", plural(u.uploaded, "file was", "files were"))
		return errReported
	case u.failed > 0:
		if u.failed+u.uploaded > 1 {
			u.note("%d of %s failed", u.failed, plural(u.failed+u.uploaded, "file", "files"))
		}
		return errReported
	}
	if err := u.printer.err; err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	if !u.flags.Quiet {
		u.note("%s", u.progress.total(u.uploaded))
	}
	return nil
}

func (u *uploader) close() {
	u.client.CloseIdleConnections()
	u.closeLocal()
}

func (u *uploader) closeLocal() {
	if u.local != nil {
		u.local.close()
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
