package fake

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Where a file goes when the request does not say. With the real service these
// are settings of the API key; the fake gives every key the vendor's defaults.
const (
	defaultFolderTemplate = "/uploads/{UTC_YEAR}/{UTC_MONTH}/{UTC_DAY}"
	defaultNameTemplate   = "{UTC_TIME_TOKEN_INVERSE}{UNIQUE_DIGITS_2}-{ORIGINAL_FILE_NAME}{ORIGINAL_FILE_EXT}"
)

const (
	maxPathLength = 512 // characters of a file path

	// base58 leaves out the characters that people mix up: 0 O I l.
	base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	base58Base     = int64(len(base58Alphabet))

	timeTokenLength = 8
	// inverseEpoch is the number of milliseconds that a time and its inverse add up to.
	inverseEpoch = int64(10_000_000_000_000)

	maxUniqueDigits = 20
	// uniqueTries bounds the search for a free path. One digit has 58 values, so
	// this many tries find the last free one all but surely.
	uniqueTries = 2000
)

// pathRequest is what a request says about where its file goes. A nil field was
// not given. literal stands alone: it is a whole path and knows no variables.
type pathRequest struct {
	literal *string

	folder   *string
	name     *string
	fallback *string

	folderIsLiteral bool // folderPathVariablesEnabled: false
	nameIsLiteral   bool // fileNameVariablesEnabled: false
}

// pathError says why no path could be made of a request.
type pathError struct {
	field  string // "path", "path.folderPath", "path.fileName" or "path.fileNameFallback"
	reason string
	full   bool // every candidate was taken, although the template has unique digits
}

func (e *pathError) Error() string { return e.field + ": " + e.reason }

// pathResolver turns path requests into paths.
type pathResolver struct {
	originalName string            // "" when the request gave none
	now          time.Time         // when the upload began
	digits       func(int) string  // random base58 characters
	taken        func(string) bool // whether a file has this path
}

// resolve returns the path of the file to store, and whether a file is there
// already. Unique digits are drawn until a free path is found; without them, or
// when none is found, the fallback name is tried.
func (r pathResolver) resolve(request pathRequest) (path string, taken bool, err error) {
	if request.literal != nil {
		return r.resolveLiteral(*request.literal)
	}
	folder := template{text: defaultFolderTemplate}
	if request.folder != nil {
		folder = template{text: *request.folder, literal: request.folderIsLiteral}
	}
	name := template{text: defaultNameTemplate}
	if request.name != nil {
		name = template{text: *request.name, literal: request.nameIsLiteral}
	}
	path, taken, err = r.resolveParts(folder, name, "path.fileName")
	if request.fallback == nil || err == nil && !taken {
		return path, taken, err
	}
	if failure, ok := err.(*pathError); ok && !failure.full {
		return "", false, err
	}
	fallback := template{text: *request.fallback, literal: request.nameIsLiteral}
	return r.resolveParts(folder, fallback, "path.fileNameFallback")
}

func (r pathResolver) resolveLiteral(path string) (string, bool, error) {
	if !strings.HasPrefix(path, "/") {
		folder := template{text: defaultFolderTemplate}
		path = joinPath(r.expand(folder), path)
	}
	if err := checkPath("path", path); err != nil {
		return "", false, err
	}
	return path, r.taken(path), nil
}

func (r pathResolver) resolveParts(folder, name template, nameField string) (string, bool, error) {
	unique := folder.unique() || name.unique()
	for range uniqueTries {
		path, err := r.joinParts(folder, name, nameField)
		if err != nil {
			return "", false, err
		}
		if !r.taken(path) {
			return path, false, nil
		}
		if !unique {
			return path, true, nil
		}
	}
	return "", false, &pathError{field: nameField, reason: "no free path found: add unique digits", full: true}
}

func (r pathResolver) joinParts(folder, name template, nameField string) (string, error) {
	expandedName := r.expand(name)
	if strings.Contains(expandedName, "/") {
		return "", &pathError{field: nameField, reason: "must not contain '/' once its variables are replaced"}
	}
	expandedFolder := r.expand(folder)
	if !strings.HasPrefix(expandedFolder, "/") {
		expandedFolder = joinPath(r.expand(template{text: defaultFolderTemplate}), expandedFolder)
	}
	if err := checkPath("path.folderPath", expandedFolder); err != nil {
		return "", err
	}
	path := joinPath(expandedFolder, expandedName)
	if err := checkPath("path", path); err != nil {
		return "", err
	}
	return path, nil
}

// joinPath puts a name or a relative path into a folder. A folder should not end
// with a slash; one that does, the root among them, means the same as without.
func joinPath(folder, rest string) string {
	return strings.TrimSuffix(folder, "/") + "/" + rest
}

// checkPath holds a path against the rules for paths of files: they begin with a
// slash, are one line of at most 512 characters, and never climb with "..".
func checkPath(field, path string) error {
	reason := ""
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
	return &pathError{field: field, reason: reason}
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
		base, _ := splitExtension(r.originalName)
		return base, true
	case "ORIGINAL_FILE_EXT":
		_, extension := splitExtension(r.originalName)
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

// randomBase58 returns count random base58 characters, each equally likely.
func randomBase58(count int) string {
	text := make([]byte, 0, count)
	var random [32]byte
	for {
		rand.Read(random[:]) // never fails
		for _, b := range random {
			if len(text) == count {
				return string(text)
			}
			// Values past the alphabet are dropped: folding them back would favour some digits.
			if b &= 63; int64(b) < base58Base {
				text = append(text, base58Alphabet[b])
			}
		}
	}
}
