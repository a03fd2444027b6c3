// Command apilist prints the exported Go API of packages, one feature a line,
// and compares it with the listing of the last release.
//
//	apilist DIR...                                  print the listing
//	apilist -released FILE -accepted FILE DIR...    fail when a released line is gone
//
// A line stands for one thing that a user's code can name: a function, a
// constant, a struct field, a whole interface (a method more breaks those who
// implement it). So a line that is gone is a breaking change, and a new line
// is an addition. A break on purpose is written into the accepted file, under
// a comment that gives the reason.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	released := flag.String("released", "", "listing of the last release to compare with")
	accepted := flag.String("accepted", "", "lines of the released listing that may be gone, each under a # reason")
	flag.Parse()
	if err := run(*released, *accepted, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "apilist:", err)
		os.Exit(1)
	}
}

func run(released, accepted string, dirs []string) error {
	var current []string
	for _, dir := range dirs {
		lines, err := list(filepath.ToSlash(dir))
		if err != nil {
			return err
		}
		current = append(current, lines...)
	}
	if released == "" {
		fmt.Println(strings.Join(current, "\n"))
		return nil
	}

	text, err := os.ReadFile(released)
	if err != nil {
		return err
	}
	text2, err := os.ReadFile(accepted)
	if err != nil {
		return err
	}
	excused, err := excuses(string(text2))
	if err != nil {
		return fmt.Errorf("%s: %w", accepted, err)
	}
	gone, added := compare(strings.Split(strings.TrimSpace(string(text)), "\n"), current)
	for _, line := range added {
		fmt.Println("new:", line)
	}
	broken := 0
	for _, line := range gone {
		if !excused[line] {
			fmt.Println("GONE:", line)
			broken++
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d lines of the released Go API are gone; bring them back, or give the reason in %s", broken, accepted)
	}
	fmt.Printf("Go API: nothing gone since the last release, %d lines new\n", len(added))
	return nil
}

// excuses reads an accepted file: listing lines, each under a comment.
func excuses(text string) (map[string]bool, error) {
	excused, reason := map[string]bool{}, false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			reason = false
		case strings.HasPrefix(line, "#"):
			reason = true
		case !reason:
			return nil, fmt.Errorf("line %d has no comment above it that gives the reason", i+1)
		default:
			excused[line] = true
		}
	}
	return excused, nil
}

// compare returns the lines that only the first, and only the second has.
func compare(before, after []string) (gone, added []string) {
	return without(before, after), without(after, before)
}

func without(lines, others []string) (rest []string) {
	known := make(map[string]bool, len(others))
	for _, line := range others {
		known[line] = true
	}
	for _, line := range lines {
		if !known[line] {
			rest = append(rest, line)
		}
	}
	return rest
}
