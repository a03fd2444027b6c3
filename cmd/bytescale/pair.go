package main

import (
	"fmt"
	"path"

	bytescale "github.com/c88edac7/bytescale-go"
)

// pair is a file or folder of the service and where it is to go.
type pair struct {
	arg                 string // as the user named the source
	source, destination string
}

// pairs returns what to copy, or to move, where. A destination that ends with a slash is a
// folder to put the sources in. Anything else is the new path of the one source.
func pairs(client *bytescale.Client, args []string, folders, move bool) ([]pair, error) {
	sources, last := args[:len(args)-1], args[len(args)-1]
	into := namesFolder(last)
	if !into && len(sources) > 1 {
		return nil, usageError{fmt.Errorf("%s is one path for several sources; end it with a slash if it is a folder to put them in", last)}
	}
	destination, err := folderPath(client, last)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	list := make([]pair, len(sources))
	for i, arg := range sources {
		p := pair{arg: arg, destination: destination}
		if p.source, err = sourcePath(client, arg, folders); err != nil {
			return nil, err
		}
		if into {
			p.destination = inFolder(destination, path.Base(p.source))
		}
		if err := p.check(folders, move); err != nil {
			return nil, usageError{err}
		}
		if taken[p.destination] {
			return nil, usageError{fmt.Errorf("%s would take the place of another source, at %s", arg, p.destination)}
		}
		taken[p.destination] = true
		list[i] = p
	}
	return list, nil
}

func sourcePath(client *bytescale.Client, arg string, folders bool) (string, error) {
	if folders {
		return folderPath(client, arg)
	}
	if err := isFile(arg); err != nil {
		return "", err
	}
	return filePath(client, arg)
}

// isFile returns an error for an argument that names a folder.
func isFile(arg string) error {
	if namesFolder(arg) {
		return usageError{fmt.Errorf("%s is a folder; for folders use --recursive", arg)}
	}
	return nil
}

// check refuses a source and a destination of which one is in the other: a copy of a folder
// into itself has no end, and the deletion of a moved folder could take what was moved with it.
func (p pair) check(folders, move bool) error {
	switch {
	case p.source == p.destination:
		return fmt.Errorf("%s and its destination are the same", p.arg)
	case folders && contains(p.source, p.destination):
		return fmt.Errorf("the destination %s is in the source %s", p.destination, p.source)
	case folders && move && contains(p.destination, p.source):
		return fmt.Errorf("the source %s is in the destination %s, where a moved file could take the path of one that is then deleted; copy it instead", p.source, p.destination)
	}
	return nil
}
