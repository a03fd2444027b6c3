// Command drift checks that the committed generated files are what
// openapi.yaml generates, without writing in the work tree.
//
// It copies the files that git knows to a scratch directory, removes the
// generated ones there, runs `go generate ./...` and compares. So it sees a
// file that was edited by hand, one that was forgotten (never added, or
// deleted), and one that nothing generates any more. It also checks that
// go.mod and go.sum are tidy.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "drift:", err)
		os.Exit(1)
	}
	fmt.Println("generated files, go.mod and go.sum are up to date")
}

func run(root string) error {
	scratch, err := os.MkdirTemp("", "drift-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)

	before, err := tracked(root)
	if err != nil {
		return err
	}
	if err := write(scratch, before); err != nil {
		return err
	}
	if err := command(scratch, "go", "generate", "./..."); err != nil {
		return err
	}
	after, err := read(scratch)
	if err != nil {
		return err
	}
	if drifted := compare(before, after); len(drifted) > 0 {
		return fmt.Errorf("generated files differ from what the spec generates (run `make generate` and add them):\n  %s",
			strings.Join(drifted, "\n  "))
	}
	if err := command(scratch, "go", "mod", "tidy", "-diff"); err != nil {
		return fmt.Errorf("go.mod or go.sum is not tidy (run `go mod tidy`): %w", err)
	}
	return nil
}

// tracked returns the files that git knows, as they are in the work tree. A
// file that was deleted there is left out, so that a generated one shows up.
func tracked(root string) (map[string][]byte, error) {
	list := exec.Command("git", "ls-files", "-z")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	files := map[string][]byte{}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = content
	}
	return files, nil
}

// header is the line by which Go tools know a generated file.
var header = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// generated says whether name is a Go file that a generator wrote.
func generated(name string, content []byte) bool {
	return strings.HasSuffix(name, ".go") && header.Match(content)
}

// write lays out all files but the generated ones.
func write(dir string, files map[string][]byte) error {
	for name, content := range files {
		if generated(name, content) {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func read(dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	return files, err
}

// compare names every file that is not the same in both sets.
func compare(before, after map[string][]byte) (drifted []string) {
	for name, content := range after {
		if old, ok := before[name]; !ok {
			drifted = append(drifted, name+": generated, but not known to git")
		} else if !bytes.Equal(old, content) {
			drifted = append(drifted, name+": differs")
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			drifted = append(drifted, name+": says it is generated, but nothing generates it")
		}
	}
	slices.Sort(drifted)
	return drifted
}

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
