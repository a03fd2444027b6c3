package tree

import "strconv"

// Reason tells why a file is skipped. The values are words for programs to
// read; [SkipError] has the sentence.
type Reason string

// Reasons that a walk finds.
const (
	SymbolicLink Reason = "symbolic-link"
	SpecialFile  Reason = "special-file" // a socket, a device or a pipe
	Unreadable   Reason = "unreadable"   // a file or a whole directory
	Unfinished   Reason = "unfinished"   // it belongs to a download that was interrupted, or has a name of one
	TooDeep      Reason = "too-deep"     // a directory more than maxDepth levels down
)

// Reasons that lie in a name: the destination cannot hold it.
const (
	BadSegment   Reason = "bad-segment" // empty, "." or ".."
	InvalidUTF8  Reason = "invalid-utf8"
	BadCharacter Reason = "bad-character"
	BadEnding    Reason = "bad-ending"    // a dot or a space
	ReservedName Reason = "reserved-name" // of a device, such as NUL
	NameTooLong  Reason = "name-too-long"
	PathTooLong  Reason = "path-too-long"
)

// Reasons that lie in other files.
const (
	NameCollision Reason = "name-collision" // the destination does not tell two names apart
	IsDirectory   Reason = "is-directory"   // a directory has the name of the file
	BelowFile     Reason = "below-file"     // a file has the name of a directory above
	InTheWay      Reason = "in-the-way"     // the destination has something of the name that is skipped
)

// SkipError reports a file that is not copied, and why.
type SkipError struct {
	Path   string
	Reason Reason
	Detail string // such as the bad segment, the limit, or the error of the system; may be ""
	Other  string // the path that is in the way, or ""
}

var sentences = map[Reason]string{
	SymbolicLink:  "is a symbolic link; links in directories are not followed",
	SpecialFile:   "is not a regular file",
	Unreadable:    "cannot be read",
	Unfinished:    "has a name that unfinished downloads use",
	TooDeep:       "lies too many directories deep",
	BadSegment:    "has a segment that is not a name",
	InvalidUTF8:   "is not valid UTF-8",
	BadCharacter:  "has a character that names at the destination cannot have",
	BadEnding:     "ends with a dot or a space, which the destination drops",
	ReservedName:  "is the name of a device at the destination",
	NameTooLong:   "has a name that is too long for the destination",
	PathTooLong:   "is too long for the destination",
	NameCollision: "has a name that the destination does not tell from another one",
	IsDirectory:   "has the name of a directory",
	BelowFile:     "needs a directory where the destination has a file",
	InTheWay:      "cannot replace what the destination has of this name",
}

// Error returns one line. Paths are quoted, because they may come from strangers
// and hold control characters.
func (e *SkipError) Error() string { return strconv.Quote(e.Path) + " " + e.Predicate() }

// Predicate returns the sentence of Error without its subject, the path.
func (e *SkipError) Predicate() string {
	text := e.sentence()
	if e.Other != "" {
		text += " (" + strconv.Quote(e.Other) + ")"
	}
	return text
}

func (e *SkipError) sentence() string {
	if e.Detail == "" {
		return sentences[e.Reason]
	}
	return sentences[e.Reason] + ": " + e.Detail
}

// of returns the error for another path.
func (e *SkipError) of(path string) *SkipError {
	copied := *e
	copied.Path = path
	return &copied
}
