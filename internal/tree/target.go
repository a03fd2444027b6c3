package tree

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Target describes where files are to go: which names it can hold, which names
// it does not tell apart, and how exactly it keeps times. It does not depend on
// the system that the program runs on. The zero Target is [Unix].
type Target struct {
	system system
	folder string // of the service
}

type system int

const (
	unix system = iota
	macOS
	windows
	service
)

// Local targets. MacOS and Windows do not tell upper case from lower case,
// because almost none of their disks do.
var (
	Unix    = Target{system: unix}
	MacOS   = Target{system: macOS}
	Windows = Target{system: windows}
)

// Local returns the target for the system that the program runs on.
func Local() Target {
	switch runtime.GOOS {
	case "windows":
		return Windows
	case "darwin", "ios":
		return MacOS
	}
	return Unix
}

// Service returns the target for a folder of the service. The folder counts in
// the length of a path (FilePath in openapi.yaml).
func Service(folder string) Target {
	return Target{system: service, folder: strings.TrimSuffix(folder, "/")}
}

const (
	maxPath = 512 // characters of a path of the service
	maxName = 255 // of a segment: bytes on Unix and macOS, UTF-16 units on Windows
)

// Check returns a [*SkipError] if the target cannot hold a file at path, which
// is relative and separated by slashes. A path that passes stays below the
// directory that it is joined to, on every system.
func (t Target) Check(path string) error {
	if skip := t.check(path); skip != nil {
		return skip
	}
	return nil
}

func (t Target) check(path string) *SkipError {
	for segment := range strings.SplitSeq(path, "/") {
		if reason, detail := t.checkSegment(segment); reason != "" {
			return &SkipError{Path: path, Reason: reason, Detail: detail}
		}
	}
	if t.system != service {
		return nil
	}
	if n := utf8.RuneCountInString(t.folder) + len("/") + utf8.RuneCountInString(path); n > maxPath {
		detail := fmt.Sprintf("with its folder it has %d characters; %d are allowed", n, maxPath)
		return &SkipError{Path: path, Reason: PathTooLong, Detail: detail}
	}
	return nil
}

// checkSegment returns no reason if the target can hold a file or a directory
// of a name.
func (t Target) checkSegment(name string) (reason Reason, detail string) {
	switch name {
	case "", ".", "..":
		return BadSegment, strconv.Quote(name)
	}
	if t.system != unix && !utf8.ValidString(name) {
		return InvalidUTF8, ""
	}
	if i := strings.IndexFunc(name, t.forbids); i >= 0 {
		r, _ := utf8.DecodeRuneInString(name[i:])
		return BadCharacter, strconv.QuoteRune(r)
	}
	if t.system == windows {
		switch last := name[len(name)-1]; {
		case last == '.' || last == ' ':
			return BadEnding, strconv.Quote(name)
		case isDevice(name):
			return ReservedName, strconv.Quote(name)
		}
	}
	if n := t.length(name); n > maxName && t.system != service {
		return NameTooLong, fmt.Sprintf("%d %s; %d are allowed", n, t.unit(), maxName)
	}
	return "", ""
}

// forbids reports whether a name cannot hold a character.
func (t Target) forbids(r rune) bool {
	switch t.system {
	case windows:
		return r < ' ' || strings.ContainsRune(`<>:"\|?*`, r)
	case service:
		// The pattern of FilePath has no line breaks, which for ECMAScript are four.
		return r == 0 || r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029'
	}
	return r == 0
}

func (t Target) length(name string) int {
	if t.system != windows {
		return len(name)
	}
	n := 0
	for _, r := range name {
		n += utf16.RuneLen(r)
	}
	return n
}

func (t Target) unit() string {
	if t.system == windows {
		return "UTF-16 units"
	}
	return "bytes"
}

// isDevice reports whether Windows takes a name for that of a device. An
// extension makes no difference, nor do spaces before it.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, isCOM := strings.CutPrefix(base, "COM")
	if !isCOM {
		var isLPT bool
		if port, isLPT = strings.CutPrefix(base, "LPT"); !isLPT {
			return false
		}
	}
	return utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// nests reports whether a file and a directory may have the same name. The
// service has no directories: a file path may continue another one.
func (t Target) nests() bool { return t.system == service }

// tellsApart reports whether different paths are different files.
func (t Target) tellsApart() bool { return t.system == unix || t.system == service }

// tolerance is how much newer a file must be to count as newer. A local file
// that was downloaded has the time of its source, as far as the disk can keep
// it: FAT has steps of two seconds. The service sets times by itself.
func (t Target) tolerance() time.Duration {
	if t.system == service {
		return 0
	}
	return 2 * time.Second
}
