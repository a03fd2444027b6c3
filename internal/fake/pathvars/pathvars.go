// Package pathvars resolves the path of a file: variables such as {UTC_DATE},
// defaults, relative paths and fallbacks.
package pathvars

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/c88edac7/bytescale-go/internal/fake/refusal"
)

// Where a file goes when the request does not say. With the real service these
// are settings of the API key; the fake gives every key the vendor's defaults.
const (
	defaultFolderTemplate = "/uploads/{UTC_YEAR}/{UTC_MONTH}/{UTC_DAY}"
	defaultNameTemplate   = "{UTC_TIME_TOKEN_INVERSE}{UNIQUE_DIGITS_2}-{ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}"
)

const (
	maxPathLength = 512 // characters of a file path

	timeTokenLength = 8
	// inverseEpoch is the number of milliseconds that a time and its inverse add up to.
	inverseEpoch = int64(10_000_000_000_000)

	maxUniqueDigits = 20
	// uniqueTries bounds the search for a free path. One digit has 58 values, so
	// this many tries find the last free one all but surely.
	uniqueTries = 2000
)

// Request is what a request says about where its file goes.
type Request struct {
	// Literal is a whole path, absolute or relative to the default folder, that
	// knows no variables; nil means that the path is put together from the rest.
	Literal *string

	FolderPath       *string // nil means the default one; may be relative to it
	FileName         *string // nil means the default one
	FileNameFallback *string // nil means none

	FolderVariables   bool // replace variables in FolderPath
	FileNameVariables bool // replace variables in FileName and FileNameFallback

	OriginalFileName string // "" when the request gave none
}

// Resolve returns the path of the file to store. Unique digits are drawn
// until a path is free; a name that is taken gives way to the fallback; a path
// that is still taken is used only if mayOverwrite. What stands in the way is a
// *refusal.Error. An error of taken, which reports whether a file exists at a path,
// is returned as it is.
func Resolve(request Request, now time.Time, mayOverwrite bool, taken func(path string) (bool, error)) (string, error) {
	resolver := pathResolver{original: request.OriginalFileName, now: now, digits: RandomBase58, taken: taken}
	path, isTaken, err := resolver.choose(request)
	switch {
	case err != nil:
		return "", err
	case isTaken && !mayOverwrite:
		return "", &refusal.Error{Code: refusal.FileExists}
	}
	return path, nil
}

// pathResolver holds what Resolve works with.
type pathResolver struct {
	original string           // original file name
	now      time.Time        // when the upload began
	digits   func(int) string // random base58 characters
	taken    func(string) (bool, error)
}

// choose returns the best path and whether a file is there already.
func (r pathResolver) choose(request Request) (path string, taken bool, err error) {
	if request.Literal != nil {
		return r.chooseLiteral(*request.Literal)
	}
	folder := template{text: defaultFolderTemplate}
	if request.FolderPath != nil {
		folder = template{text: *request.FolderPath, literal: !request.FolderVariables}
	}
	name := template{text: defaultNameTemplate}
	if request.FileName != nil {
		name = template{text: *request.FileName, literal: !request.FileNameVariables}
	}
	path, taken, err = r.chooseFree(folder, name, "path.fileName")
	exhausted := isExhausted(err)
	if request.FileNameFallback == nil || !taken && !exhausted {
		return path, taken, err
	}
	fallback := template{text: *request.FileNameFallback, literal: !request.FileNameVariables}
	return r.chooseFree(folder, fallback, "path.fileNameFallback")
}

func (r pathResolver) chooseLiteral(path string) (string, bool, error) {
	if !strings.HasPrefix(path, "/") {
		path = joinPath(r.expand(template{text: defaultFolderTemplate}), path)
	}
	if err := checkPath("path", path); err != nil {
		return "", false, err
	}
	taken, err := r.taken(path)
	return path, taken, err
}

// chooseFree looks for a free path as long as the templates can give another one.
func (r pathResolver) chooseFree(folder, name template, nameField string) (string, bool, error) {
	unique := folder.unique() || name.unique()
	for range uniqueTries {
		path, err := r.join(folder, name, nameField)
		if err != nil {
			return "", false, err
		}
		taken, err := r.taken(path)
		if err != nil || !taken || !unique {
			return path, taken, err
		}
	}
	return "", false, &refusal.Error{Code: refusal.PathExhausted}
}

func isExhausted(err error) bool {
	refused, ok := errors.AsType[*refusal.Error](err)
	return ok && refused.Code == refusal.PathExhausted
}

func (r pathResolver) join(folder, name template, nameField string) (string, error) {
	expandedName := r.expand(name)
	if strings.Contains(expandedName, "/") {
		return "", invalidPath(nameField, expandedName, "must not contain '/' once its variables are replaced")
	}
	expandedFolder := r.expand(folder)
	if !strings.HasPrefix(expandedFolder, "/") {
		expandedFolder = joinPath(r.expand(template{text: defaultFolderTemplate}), expandedFolder)
	}
	if err := checkPath("path.folderPath", expandedFolder); err != nil {
		return "", err
	}
	path := joinPath(expandedFolder, expandedName)
	return path, checkPath("path", path)
}

// joinPath puts a name or a relative path into a folder. A folder should not end
// with a slash; one that does, the root among them, means the same as without.
func joinPath(folder, rest string) string {
	return strings.TrimSuffix(folder, "/") + "/" + rest
}

// checkPath holds a path against the rules for paths of files: they begin with a
// slash, are one line of at most 512 characters, and never climb with "..".
func checkPath(field, path string) error {
	var reason string
	switch {
	case !utf8.ValidString(path):
		reason = "must be valid UTF-8"
	case !strings.HasPrefix(path, "/"):
		reason = "must begin with '/'"
	case utf8.RuneCountInString(path) > maxPathLength:
		reason = fmt.Sprintf("must not be longer than %d characters once its variables are replaced", maxPathLength)
	case strings.ContainsAny(path, "\n\r\u2028\u2029"):
		reason = "must not contain line breaks"
	case climbs(path):
		reason = "must not contain '..'"
	default:
		return nil
	}
	return invalidPath(field, path, reason)
}

// invalidPath reports a field as the service reports invalid ones. The value is
// repeated only if JSON can carry it.
func invalidPath(field, value, reason string) *refusal.Error {
	return &refusal.Error{Code: refusal.PathInvalid, Details: map[string]any{
		"body." + field: map[string]any{"message": reason, "value": strings.ToValidUTF8(value, "\uFFFD")},
	}}
}

func climbs(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == ".." {
			return true
		}
	}
	return false
}

// template is text with variables in braces, or, when literal, without.
type template struct {
	text    string
	literal bool
}

// variablePattern finds an escaped brace or something in braces. The escape comes
// first, so that what follows it is not taken for a variable.
var variablePattern = regexp.MustCompile(`\\\{|\{[A-Z0-9_]+\}`)

// expand replaces the variables of a template once: what was put in is not looked
// at again. Unknown variables stay as they are.
func (r pathResolver) expand(t template) string {
	if t.literal {
		return t.text
	}
	return variablePattern.ReplaceAllStringFunc(t.text, func(match string) string {
		if match == `\{` {
			return "{"
		}
		if value, ok := r.variable(match[1 : len(match)-1]); ok {
			return value
		}
		return match
	})
}

// unique reports whether expanding the template again can give another result.
func (t template) unique() bool {
	if t.literal {
		return false
	}
	for _, match := range variablePattern.FindAllString(t.text, -1) {
		if match == `\{` {
			continue
		}
		if _, ok := uniqueDigits(match[1 : len(match)-1]); ok {
			return true
		}
	}
	return false
}

func (r pathResolver) variable(name string) (string, bool) {
	now := r.now.UTC()
	switch name {
	case "ORIGINAL_FILE_NAME":
		base, _ := splitExtension(r.original)
		return base, true
	case "ORIGINAL_FILE_EXT":
		_, extension := splitExtension(r.original)
		return extension, true
	case "UTC_DATE":
		return now.Format("2006-01-02"), true
	case "UTC_TIME":
		return now.Format("15:04:05.000"), true
	case "UTC_TIME_TOKEN":
		return timeToken(now.UnixMilli()), true
	case "UTC_TIME_TOKEN_INVERSE":
		return timeToken(inverseEpoch - now.UnixMilli()), true
	case "UTC_YEAR":
		return now.Format("2006"), true
	case "UTC_MONTH":
		return now.Format("01"), true
	case "UTC_DAY":
		return now.Format("02"), true
	case "UTC_HOUR":
		return now.Format("15"), true
	case "UTC_MINUTE":
		return now.Format("04"), true
	case "UTC_SECOND":
		return now.Format("05"), true
	case "UTC_MILLISECOND":
		return now.Format(".000")[1:], true
	}
	if count, ok := uniqueDigits(name); ok {
		return r.digits(count), true
	}
	return "", false
}

// uniqueDigits reads the X of UNIQUE_DIGITS_X, from 1 to 20.
func uniqueDigits(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, "UNIQUE_DIGITS_")
	if !ok {
		return 0, false
	}
	count, err := strconv.Atoi(text)
	return count, err == nil && count >= 1 && count <= maxUniqueDigits && strconv.Itoa(count) == text
}

// splitExtension splits a file name at its last dot. A name whose only dot comes
// first, such as .profile, has no extension.
func splitExtension(name string) (base, extension string) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return name, ""
	}
	return name[:dot], name[dot:]
}

// timeToken writes milliseconds in base58, padded so that tokens sort as the
// numbers do. Times outside the range of the tokens are moved to its ends.
func timeToken(milliseconds int64) string {
	milliseconds = min(max(milliseconds, 0), inverseEpoch)
	var token [timeTokenLength]byte
	for i := len(token) - 1; i >= 0; i-- {
		token[i] = base58Alphabet[milliseconds%base58Base]
		milliseconds /= base58Base
	}
	return string(token[:])
}
