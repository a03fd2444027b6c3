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

// The default path of a file. At the real service these are settings of the API key.
// The fake uses the vendor's defaults for every key.
const (
	defaultFolderTemplate = "/uploads/{UTC_YEAR}/{UTC_MONTH}/{UTC_DAY}"
	defaultNameTemplate   = "{UTC_TIME_TOKEN_INVERSE}{UNIQUE_DIGITS_2}-{ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}"
)

const (
	maxPathLength = 512 // characters of a file path

	timeTokenLength = 8
	// inverseEpoch is the sum of a time and its inverse, in milliseconds.
	inverseEpoch = int64(10_000_000_000_000)

	maxUniqueDigits = 20
	// uniqueTries limits the search for a free path. One digit has 58 values, so that
	// this many tries almost certainly find the last free one.
	uniqueTries = 2000
)

// Request describes the path that a request asks for.
type Request struct {
	// Literal is a whole path without variables, absolute or relative to the default
	// folder. If it is nil, the other fields make up the path.
	Literal *string

	FolderPath       *string // nil means the default one; may be relative to it
	FileName         *string // nil means the default one
	FileNameFallback *string // nil means none

	FolderVariables   bool // replace variables in FolderPath
	FileNameVariables bool // replace variables in FileName and FileNameFallback

	OriginalFileName string // "" when the request gave none
}

// Resolve returns the path of the file to store. taken reports whether a file exists at
// a path. Resolve draws unique digits until a path is free. If the name is taken, it
// uses the fallback. If that is taken too, it returns the path only if mayOverwrite
// allows it. Errors are *refusal.Error, except those of taken, which are returned unchanged.
func Resolve(request Request, now time.Time, mayOverwrite func(path string) bool, taken func(path string) (bool, error)) (string, error) {
	resolver := pathResolver{original: request.OriginalFileName, now: now, digits: RandomBase58, taken: taken}
	path, isTaken, err := resolver.choose(request)
	switch {
	case err != nil:
		return "", err
	case isTaken && !mayOverwrite(path):
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

// choose returns the path and whether a file exists there.
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

// chooseFree expands the templates until the path is free or cannot change any more.
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

// joinPath joins a folder and a name or a relative path. A slash at the end of the
// folder has no meaning.
func joinPath(folder, rest string) string {
	return strings.TrimSuffix(folder, "/") + "/" + rest
}

// checkPath checks the rules for file paths: a path begins with a slash, is one line of
// at most 512 characters, and has no segment "..".
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

// invalidPath returns the refusal of a field in the form of the service. Bytes that are
// not UTF-8 are replaced, because JSON cannot contain them.
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

// template is text with variables in braces, or without if it is literal.
type template struct {
	text    string
	literal bool
}

// variablePattern matches an escaped brace or a name in braces. The escaped brace comes
// first, so that the text after it is not taken for a variable.
var variablePattern = regexp.MustCompile(`\\\{|\{[A-Z0-9_]+\}`)

// expand replaces the variables of a template. Values are not expanded again, and
// unknown variables stay unchanged.
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

// unique reports whether the template has unique digits.
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

// uniqueDigits returns the X of UNIQUE_DIGITS_X, from 1 to 20.
func uniqueDigits(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, "UNIQUE_DIGITS_")
	if !ok {
		return 0, false
	}
	count, err := strconv.Atoi(text)
	return count, err == nil && count >= 1 && count <= maxUniqueDigits && strconv.Itoa(count) == text
}

// splitExtension splits a file name at its last dot. A name whose only dot is its first
// character, such as .profile, has no extension.
func splitExtension(name string) (base, extension string) {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return name, ""
	}
	return name[:dot], name[dot:]
}

// timeToken returns milliseconds in base58, padded so that tokens sort like the
// numbers. Times outside the range of the tokens are moved to its ends.
func timeToken(milliseconds int64) string {
	milliseconds = min(max(milliseconds, 0), inverseEpoch)
	var token [timeTokenLength]byte
	for i := len(token) - 1; i >= 0; i-- {
		token[i] = base58Alphabet[milliseconds%base58Base]
		milliseconds /= base58Base
	}
	return string(token[:])
}
