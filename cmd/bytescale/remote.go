package main

import (
	"errors"
	"fmt"
	"strings"

	bytescale "github.com/c88edac7/bytescale-go"
)

// remotePrefix begins every path of the service in commands that also take paths of this
// machine. Commands that take paths of the service only do not need it.
const remotePrefix = "bytescale:"

// remotePath returns the path of the service that an argument names with remotePrefix.
// Without the prefix remote is false, and the path is the argument.
func remotePath(arg string) (path string, remote bool, err error) {
	path, remote = strings.CutPrefix(arg, remotePrefix)
	if remote && !strings.HasPrefix(path, "/") {
		return "", true, usageError{fmt.Errorf("%s is not a path of the service, such as %s/folder/file", arg, remotePrefix)}
	}
	if rest, found := strings.CutPrefix(path, "//"); remote && found {
		return "", true, usageError{fmt.Errorf("%s is not a path of the service, whose first slash stands alone: %s/%s", arg, remotePrefix, rest)}
	}
	return path, remote, nil
}

// folderPath returns the path of the folder that an argument names. The slash at its end
// may be left out.
func folderPath(client *bytescale.Client, arg string) (string, error) {
	folder, _, err := remotePath(arg)
	if err != nil {
		return "", err
	}
	if isURL(folder) {
		return "", usageError{fmt.Errorf("%s is a URL; a folder is named by its path, such as /photos", withoutSecrets(folder))}
	}
	if namesFolder(folder) && folder != "/" {
		folder = strings.TrimSuffix(folder, "/")
	}
	if folder != "/" && strings.HasSuffix(folder, "/") {
		return "", usageError{fmt.Errorf("the path %q ends with several slashes", arg)}
	}
	if _, err := client.FileURL(folder); err != nil { // the rules are the same
		return "", usageError{err}
	}
	return folder, nil
}

// namesFolder reports whether an argument names a folder by the slash at its end.
func namesFolder(arg string) bool { return strings.HasSuffix(arg, "/") }

// folderName is a folder's path as it is shown: with a slash at the end.
func folderName(folder string) string { return strings.TrimSuffix(folder, "/") + "/" }

// inFolder returns the path of something directly in a folder.
func inFolder(folder, name string) string { return folderName(folder) + name }

// contains reports whether a folder is another one, or has it somewhere in it.
func contains(folder, other string) bool {
	return strings.HasPrefix(folderName(other), folderName(folder))
}

// errNoFolder means that a folder has nothing in it and was not made either.
var errNoFolder = errors.New("there is no such folder, or nothing is in it; check the path and the account")

// isMade reports whether a folder exists by itself, whatever is in it.
func isMade(folder *bytescale.FolderDetails) bool {
	settings := folder.Settings
	return folder.Virtual || settings.Description != "" || settings.PublicPermissions != nil || settings.StorageLayer != nil
}
